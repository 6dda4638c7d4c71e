import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2, constants } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { create } from "@bufbuild/protobuf";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { GetTaskResponseSchema, TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";
import { failure, TestClient } from "../support/grpc-client.ts";
import { selfSigned } from "../support/self-signed.ts";

const directory = mkdtempSync(join(tmpdir(), "tss-tls-"));
const certPath = join(directory, "cert.pem");
const keyPath = join(directory, "key.pem");
const { cert, key } = selfSigned();
const open: { close(): unknown }[] = [];

beforeAll(() => {
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key);
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

async function start(limits = {}): Promise<EdgeUnderTest> {
  const operations = fakeOperations({
    tasks: { getTask: async () => create(GetTaskResponseSchema, { task: { id: "t" } }) },
  });
  const edge = await startEdge({ operations, tls: { certPath, keyPath }, limits });
  open.push(edge);
  return edge;
}

test("a client that trusts the certificate is answered, over TLS 1.2 and 1.3, and no other", async () => {
  const edge = await start();
  const client = new TestClient(edge.server.address, edge.key, credentials.createSsl(Buffer.from(cert)));
  open.push(client);
  expect((await client.unary(TaskService.method.getTask, {})).task?.id).toBe("t");
  const distrustful = new TestClient(edge.server.address, edge.key, credentials.createSsl());
  open.push(distrustful);
  expect((await failure(distrustful.unary(TaskService.method.getTask, {}))).code).toBe(status.UNAVAILABLE);
  const plain = new TestClient(edge.server.address, edge.key);
  open.push(plain);
  expect((await failure(plain.unary(TaskService.method.getTask, {}))).code).toBe(status.UNAVAILABLE);
  for (const version of ["TLSv1.1", "TLSv1.2", "TLSv1.3"] as const) {
    const outcome = await new Promise((resolve) => {
      const options = {
        ca: cert,
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ["h2"],
        ciphers: "ALL@SECLEVEL=0",
      };
      const socket = connect(edge.server.port, "127.0.0.1", options, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on("error", () => resolve("refused"));
    });
    expect(outcome).toBe(version === "TLSv1.1" ? "refused" : version);
  }
});

test("a connection that never finishes its handshake is dropped", async () => {
  const edge = await start({ handshakeMs: 50 });
  const socket = connect(edge.server.port, "127.0.0.1", { ca: cert, ALPNProtocols: ["h2"] });
  socket.on("error", () => {});
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
});

test("a flood of pings is stopped under TLS too, and pings between messages are not", async () => {
  const edge = await start();
  const session = connectHttp2(`https://${edge.server.address}`, { ca: cert });
  session.on("error", () => {});
  open.push({ close: () => session.destroy() });
  const ping = () => new Promise((resolve) => session.ping(resolve));
  for (let n = 0; n < 10; n++) {
    const call = session.request({
      ":method": "POST",
      ":path": "/tss.v1.TaskService/GetTask",
      "content-type": "application/grpc",
      authorization: `Bearer ${edge.key}`,
    });
    call.end(Buffer.alloc(5));
    call.resume();
    await new Promise((resolve) => call.once("close", resolve));
    await ping();
  }
  const goaway = new Promise((resolve) => session.once("goaway", resolve));
  for (let n = 0; n < 8; n++) session.ping(() => {});
  expect(await goaway).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
});

test("files that cannot be used are named", async () => {
  const missing = join(directory, "missing.pem");
  await expect(startEdge({ tls: { certPath: missing, keyPath } })).rejects.toThrow(
    `${missing} cannot be read (ENOENT): TSS_TLS_CERT must name a PEM file.`,
  );
  await expect(startEdge({ tls: { certPath: keyPath, keyPath } })).rejects.toThrow(
    "must name PEM files that belong together",
  );
});
