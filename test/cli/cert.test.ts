import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { runTss, temporaryFolder } from "../support/run-tss.ts";

const cwd = temporaryFolder();
const at = (name: string) => path.join(cwd, ".tss", "tls", name);
const pem = (name: string) => readFileSync(at(name), "utf8");
const tss = (...args: string[]) => runTss(["cert", ...args], { cwd });

beforeAll(async () => {
  expect(await tss("init")).toMatchObject({ code: 0, stderr: "" });
  expect(await tss("server", "--host", "localhost", "--host", "127.0.0.1")).toMatchObject({ code: 0, stderr: "" });
  expect(await tss("client", "build-7", "--days", "10")).toMatchObject({ code: 0, stderr: "" });
});

const server = createServer(
  { requestCert: true, rejectUnauthorized: true },
  (socket) => void socket.end(String((socket as TLSSocket).getPeerCertificate().subject.CN)),
);
afterAll(() => void server.close());

test("server and client know each other by the authority, and only with it", async () => {
  server.setSecureContext({ cert: pem("server.crt"), key: pem("server.key"), ca: pem("ca.crt") });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const call = async (options: object) => {
    const socket = connect({ port, host: "127.0.0.1", ...options });
    const [said] = await once(socket, "data");
    return String(said);
  };
  const own = { cert: pem("build-7.crt"), key: pem("build-7.key"), ca: pem("ca.crt") };
  expect(await call(own)).toBe("build-7");
  // A coordinator calls its like with the certificate it shows.
  expect(await call({ cert: pem("server.crt"), key: pem("server.key"), ca: pem("ca.crt") })).toBe("localhost");
  await expect(call({ ...own, ca: undefined })).rejects.toThrow(/self-signed certificate in certificate chain/);
  await expect(call({ ...own, servername: "elsewhere.example" })).rejects.toThrow(/does not match/);
  await expect(call({ ca: pem("ca.crt") })).rejects.toThrow();
});

test("a client's certificate is no server's, and neither signs another", async () => {
  server.close();
  const impostor = createServer({ cert: pem("build-7.crt"), key: pem("build-7.key") }).listen(0, "127.0.0.1");
  await once(impostor, "listening");
  const { port } = impostor.address() as AddressInfo;
  const options = { port, host: "127.0.0.1", ca: pem("ca.crt"), checkServerIdentity: () => undefined };
  await expect(once(connect(options), "secureConnect")).rejects.toThrow(/purpose/);
  impostor.close();
});

test("keys are private, and nothing is overwritten unless told", async () => {
  for (const name of ["ca.key", "server.key", "build-7.key"]) expect(statSync(at(name)).mode & 0o777).toBe(0o600);
  const before = pem("ca.crt");
  const again = await tss("init");
  expect(again).toEqual({
    code: 1,
    signal: null,
    stdout: "",
    stderr: "Error: .tss/tls/ca.crt is already there: give --force to replace it.\n",
  });
  expect((await tss("client", "build-7")).code).toBe(1);
  expect(pem("ca.crt")).toBe(before);
  const old = pem("build-7.crt");
  expect(await tss("client", "build-7", "--days", "10", "--force")).toMatchObject({ code: 0, stderr: "" });
  expect(pem("build-7.crt")).not.toBe(old);
  expect(existsSync(at("build-7.crt.new"))).toBe(false);
});

test("show says who, for what and until when; --json the same for programs", async () => {
  const { stdout } = await tss("show", at("server.crt"));
  expect(stdout).toMatch(/^localhost\n {2}use +server \(and client\)\n {2}hosts +localhost, 127\.0\.0\.1\n/);
  expect(stdout).toMatch(/signed by +TSS authority [0-9a-f]{8}\n/);
  expect(stdout).toMatch(/until +\d{4}-\d\d-\d\d \d\d:\d\d UTC \(396 days left\)\n/);
  const both = path.join(cwd, "both.pem");
  writeFileSync(both, pem("build-7.crt") + pem("ca.crt"));
  const { certificates } = JSON.parse((await tss("show", both, "--json")).stdout);
  expect(certificates).toMatchObject([
    { name: "build-7", use: "client", hosts: [] },
    { use: "authority", hosts: [] },
  ]);
  expect(certificates[0].issuer).toBe(certificates[1].name);
  expect(Date.parse(certificates[0].notAfter) - Date.now()).toBeLessThan(10 * 86_400_000);
  const made = JSON.parse((await tss("server", "--host", "::1", "--name", "six", "--json")).stdout);
  expect(made).toMatchObject({ cert: ".tss/tls/six.crt", key: ".tss/tls/six.key", certificate: { use: "server" } });
});

test.each([
  [["show", ".tss/tls/ca.key"], 2, ".tss/tls/ca.key holds a private key and no certificate."],
  [["show", "none.pem"], 1, "none.pem cannot be read (ENOENT): name a PEM file."],
  [["client", "x", "--dir", "elsewhere"], 1, "There is no authority in elsewhere: make one with `tss cert init`"],
  [["client", "ca"], 2, '"ca" is the name of the authority; choose another'],
  [["client", "../x"], 2, '"../x" is no name; write up to 63 letters, digits'],
  [["server", "--host", "tss.example.com:7400"], 2, '"tss.example.com:7400" is neither a DNS name nor an IP address'],
  [["server"], 2, "host"],
  [["client", "x", "--days", "0"], 2, "--days"],
])("tss cert %j: one clear sentence", async (args, code, sentence) => {
  const ended = await tss(...args);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(ended.stderr).toContain(sentence);
  expect(ended.stderr).not.toContain("    at ");
  const { error } = JSON.parse((await tss(...args, "--json")).stdout);
  expect(error.message).toContain(sentence.slice(0, 20));
});
