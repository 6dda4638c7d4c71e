import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect, test } from "@jest/globals";
import { TestAuthority } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { selfSigned } from "../support/self-signed.ts";

const folder = temporaryFolder();
const { cert, key } = selfSigned();
const [certPath, keyPath] = [join(folder, "cert.pem"), join(folder, "key.pem")];
writeFileSync(certPath, cert);
writeFileSync(keyPath, key);

const program = (name: string, env: Record<string, string>) =>
  startProgram(process.execPath, [join(ROOT, "bin", `${name}.cjs`)], { cwd: temporaryFolder(), env });

test("with a certificate the gateway speaks TLS, and the doctor finds it there", async () => {
  const port = await freePort();
  const env = {
    TSS_TLS_CERT: certPath,
    TSS_TLS_KEY: keyPath,
    TSS_TLS_CA: certPath,
    TSS_GATEWAY_LISTEN: `127.0.0.1:${port}`,
    TSS_COORDINATOR: `127.0.0.1:${await freePort()}`,
  };
  const gateway = program("tss-gateway", env);
  await gateway.says(`listens on https://127.0.0.1:${port}`);
  const [answer] = await once(get(`https://127.0.0.1:${port}/healthz`, { ca: cert }), "response");
  expect(answer.statusCode).toBe(200);
  answer.resume();
  await expect(once(get(`https://127.0.0.1:${port}/healthz`), "response")).rejects.toThrow(/certificate/);
  const doctor = await runTss(["doctor"], { env });
  expect(doctor.stdout).toContain(`! gateway     https://127.0.0.1:${port} says it is not ready (status 503).`);
  gateway.child.kill("SIGTERM");
  expect((await gateway.finished).code).toBe(0);
});

test("a certificate that is replaced is shown to the next connection, without a restart", async () => {
  const own = await TestAuthority.make();
  const pair = await own.write("gateway", "server");
  const port = await freePort();
  const env = { TSS_TLS_CERT: pair.cert, TSS_TLS_KEY: pair.key, TSS_GATEWAY_LISTEN: `127.0.0.1:${port}` };
  const gateway = program("tss-gateway", env);
  await gateway.says(`listens on https://127.0.0.1:${port}`);
  const shown = async () => {
    const request = get(`https://127.0.0.1:${port}/healthz`, { ca: own.pair.cert, agent: false });
    const [answer] = await once(request, "response");
    answer.resume();
    return (answer.socket as TLSSocket).getPeerCertificate().serialNumber;
  };
  const first = await shown();
  const next = await own.issue("server");
  own.put("gateway.key", next.key);
  expect(await shown()).toBe(first);
  expect(gateway.stdout() + gateway.stderr()).toContain("the certificate in use stays: ");
  own.put("gateway.crt", next.cert);
  expect(await shown()).not.toBe(first);
  gateway.child.kill("SIGTERM");
  expect((await gateway.finished).code).toBe(0);
  own.remove();
});

test.each(["tss-coordinator", "tss-gateway"])("%s refuses a certificate without its key", async (name) => {
  const listen = { TSS_GATEWAY_LISTEN: "127.0.0.1:0", TSS_COORDINATOR_LISTEN: "127.0.0.1:0" };
  const { code, stdout, stderr } = await program(name, { TSS_TLS_CERT: certPath, ...listen }).finished;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe(
    `${name}: TSS_TLS_CERT is set and TSS_TLS_KEY is not: TLS needs both, and without TLS neither is needed.\n`,
  );
});

test("tss-gateway tells an authority's file that is not there in one sentence", async () => {
  const { code, stderr } = await program("tss-gateway", { TSS_TLS_CA: join(folder, "none.pem") }).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^tss-gateway: TSS_TLS_CA names \S+none\.pem, which cannot be read \(ENOENT\)\.\n$/);
});

test("tss dev says that it speaks plaintext", async () => {
  const env = { TSS_TLS_CERT: certPath, TSS_TLS_KEY: keyPath };
  const { code, stdout, stderr } = await runTss(["dev"], { env, cwd: temporaryFolder() });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^Error: tss dev is for this machine and speaks plaintext: unset TSS_TLS_CERT[^\n]+\n$/);
});
