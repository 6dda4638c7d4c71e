import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect } from "node:tls";
import { create } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.js";
import { GetTaskResponseSchema, TaskService, WaitTaskResponseSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Logger } from "../../runtime/logger.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { lookAtServer } from "../../runtime/tls/look.ts";
import { connectionOptionsOf } from "../../sdk/typescript/connection/local-connection.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { hours, type Pair, TestAuthority } from "../support/certificates.ts";
import { type EdgeUnderTest, startEdge } from "../support/edge-server.ts";
import { fakeOperations } from "../support/fake-operations.ts";

/** A coordinator that demands client certificates, and certificates that are replaced while everything runs. */

let own: TestAuthority;
let foreign: TestAuthority;
let server: Pair;
const open: { close(): unknown }[] = [];
const errors: string[] = [];
const logger: Logger = { ...silentLogger, error: (_: object, text: string) => void errors.push(text) } as Logger;

beforeAll(async () => {
  own = await TestAuthority.make();
  foreign = await TestAuthority.make();
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  errors.length = 0;
});
afterAll(() => {
  own.remove();
  foreign.remove();
});

async function start(waiting?: Promise<unknown>): Promise<EdgeUnderTest> {
  server = await own.write("server", "server");
  const operations = fakeOperations({
    tasks: {
      getTask: async () => create(GetTaskResponseSchema, { task: { id: "t" } }),
      waitTask: async () => {
        await waiting;
        return create(WaitTaskResponseSchema, { task: { id: "waited" } });
      },
    },
  });
  const tls = { certPath: server.cert, keyPath: server.key, clientCaPath: own.ca };
  const edge = await startEdge({ operations, tls, logger });
  open.push(edge);
  return edge;
}

function connection(edge: EdgeUnderTest, client?: Pair, problems: string[] = []): Connection {
  const options = connectionOptionsOf({
    address: edge.server.address,
    apiKey: edge.key,
    ca: own.ca,
    clientCert: client?.cert,
    clientKey: client?.key,
    onTlsProblem: (sentence) => problems.push(sentence),
  });
  const made = openConnection(options);
  open.push(made);
  return made;
}

const ask = async (made: Connection) => (await made.service(TaskService).getTask({ id: "t" })).task?.id;

/** Serial number of the certificate a new connection sees. */
function shown(edge: EdgeUnderTest): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port: edge.server.port,
      host: "127.0.0.1",
      ca: readFileSync(own.ca),
      ALPNProtocols: ["h2"],
    });
    socket.once("secureConnect", () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

test("a certificate of the authority opens the door, by TLS 1.2 and 1.3", async () => {
  const edge = await start();
  expect(await ask(connection(edge, await own.write("good", "client")))).toBe("t");
});

test("without one, health answers and nothing else, and the caller is told what to set", async () => {
  const edge = await start();
  const none = connection(edge);
  expect((await none.service(Health).check({})).status).toBe(1);
  await expect(ask(none)).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    reason: "CLIENT_CERTIFICATE_MISSING",
    message: expect.stringContaining("none was shown: set TSS_TLS_CLIENT_CERT and TSS_TLS_CLIENT_KEY"),
  });
});

test.each([
  [
    "one that has ended",
    "EXPIRED",
    () => own.write("old", "client", hours(-3, -2)),
    /^The client certificate client ended on [^:]+:\d\d UTC: make a new one/,
  ],
  [
    "one of tomorrow",
    "NOT_YET_VALID",
    () => own.write("new", "client", hours(5, 9)),
    /is not yet valid: it begins on [^:]+:\d\d UTC and here it is .+: one of the two clocks is wrong/,
  ],
  [
    "a foreign one",
    "FOREIGN",
    () => foreign.write("other", "client"),
    /^The client certificate client, signed by TSS authority [0-9a-f]{8}, is of no authority that this coordinator trusts/,
  ],
])("%s is refused in one sentence that says why", async (_, reason, make, sentence) => {
  const edge = await start();
  await expect(ask(connection(edge, await make()))).rejects.toMatchObject({
    code: "UNAUTHENTICATED",
    reason: `CLIENT_CERTIFICATE_${reason}`,
    message: expect.stringMatching(sentence),
  });
});

test.each([
  ["that has ended", hours(-3, -2), "its certificate has ended, or this machine's clock is wrong"],
  ["of tomorrow", hours(20, 40), "its certificate is not yet valid: is this machine's clock slow?"],
  ["for another name", { hosts: ["elsewhere.example"] }, "its certificate is for another name"],
] as const)(
  "a coordinator with a certificate %s is not believed, and the caller is told why",
  async (_, wanted, why) => {
    const { cert, key } = await own.write("wrong", "server", wanted);
    const edge = await startEdge({ tls: { certPath: cert, keyPath: key } });
    open.push(edge);
    const made = connection(edge);
    await expect(ask(made)).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining(`(${why}`) });
    const look = await lookAtServer(edge.server.address, own.pair.cert);
    expect(look.state).toBe("fail");
    expect(look.message).toMatch(/ended on|is not yet valid|is for elsewhere\.example and not for 127\.0\.0\.1/);
  },
);

test("a coordinator with a client's certificate, or of a foreign authority, is not believed", async () => {
  const pairs = [await own.write("wrong", "client"), await foreign.write("wrong", "server")];
  for (const { cert, key } of pairs) {
    const edge = await startEdge({ tls: { certPath: cert, keyPath: key } });
    open.push(edge);
    await expect(ask(connection(edge))).rejects.toMatchObject({
      message: expect.stringMatching(/its certificate is not (for servers|signed by an authority in TSS_TLS_CA)/),
    });
    const look = await lookAtServer(edge.server.address, own.pair.cert);
    expect(look.message).toMatch(
      /is not for servers|is signed by TSS authority [0-9a-f]{8}, which is not trusted here/,
    );
  }
});

test("after a refusal the next call comes over a new connection, with a certificate that was mended meanwhile", async () => {
  const edge = await start();
  const client = connection(edge, await own.write("late", "client", hours(-3, -2)));
  await expect(ask(client)).rejects.toMatchObject({ reason: "CLIENT_CERTIFICATE_EXPIRED" });
  await own.write("late", "client");
  expect(await ask(client)).toBe("t");
});

test("a key without its certificate is refused before anything is called", async () => {
  const edge = await start();
  const { cert } = await own.write("half", "client");
  const { key } = await own.write("another", "client");
  expect(() => connection(edge, { cert, key })).toThrow("must be PEM, or name files of it, that belong together");
  expect(() => connectionOptionsOf({ address: "x:1", clientCert: cert })).toThrow(
    "TSS_TLS_CLIENT_CERT is set and TSS_TLS_CLIENT_KEY is not",
  );
});

test("a new certificate of the coordinator is for new connections; calls on old ones go on", async () => {
  const waiting = Promise.withResolvers<void>();
  const edge = await start(waiting.promise);
  const old = connection(edge, await own.write("good", "client"));
  expect(await ask(old)).toBe("t");
  const waited = old.service(TaskService).waitTask({ id: "t" });
  const before = await shown(edge);
  await own.write("server", "server");
  expect(await shown(edge)).not.toBe(before);
  waiting.resolve();
  expect((await waited).task?.id).toBe("waited");
  expect(errors).toEqual([]);
});

test("a pair of which one half is written is never shown, and said once", async () => {
  const edge = await start();
  const before = await shown(edge);
  const next = await own.issue("server");
  own.put("server.crt", next.cert);
  expect(await shown(edge)).toBe(before);
  expect(await shown(edge)).toBe(before);
  expect(errors).toEqual([expect.stringContaining("the certificate in use stays: ")]);
  own.put("server.key", next.key);
  expect(await shown(edge)).not.toBe(before);
  expect(errors).toHaveLength(1);
});

test("a file that cannot even be looked at ends nothing: what was shown is shown on, and it is said once", async () => {
  const edge = await start();
  const before = await shown(edge);
  // A link to itself.
  rmSync(server.cert);
  symlinkSync("server.crt", server.cert);
  expect(await shown(edge)).toBe(before);
  expect(await shown(edge)).toBe(before);
  expect(errors).toEqual([expect.stringContaining("server.crt cannot be read (ELOOP)")]);
  await own.write("server", "server");
  expect(await shown(edge)).not.toBe(before);
  expect(errors).toHaveLength(1);
});

test("an authority that is replaced is asked at once: who was trusted by the old one comes in no more", async () => {
  const edge = await start();
  const good = await own.write("good", "client");
  expect(await ask(connection(edge, good))).toBe("t");
  const before = readFileSync(own.ca, "utf8");
  own.put("ca.crt", foreign.pair.cert);
  try {
    const options = connectionOptionsOf({
      address: edge.server.address,
      apiKey: edge.key,
      ca: before,
      clientCert: good.cert,
      clientKey: good.key,
    });
    const late = openConnection(options);
    open.push(late);
    await expect(ask(late)).rejects.toMatchObject({ reason: "CLIENT_CERTIFICATE_FOREIGN" });
  } finally {
    own.put("ca.crt", before);
  }
});

test("a client takes up its new certificate with its next connection, and never half of it", async () => {
  const problems: string[] = [];
  const first = await start();
  const client = connection(first, await own.write("short", "client", hours(-3, -2)), problems);
  await expect(ask(client)).rejects.toMatchObject({ reason: "CLIENT_CERTIFICATE_EXPIRED" });
  /** The coordinator comes again at its address: every connection is a new one. */
  const restart = async (edge: EdgeUnderTest) => {
    await edge.server.close();
    const tls = { certPath: server.cert, keyPath: server.key, clientCaPath: own.ca };
    const again = await startEdge({ listen: `127.0.0.1:${edge.server.port}`, tls });
    open.push(again);
    await client.ready(10_000);
    return again;
  };
  const next = await own.issue("client");
  own.put("short.crt", next.cert);
  const second = await restart(first);
  await expect(ask(client)).rejects.toMatchObject({ reason: "CLIENT_CERTIFICATE_EXPIRED" });
  expect(problems).toEqual([expect.stringContaining("What was used for TLS is used on: ")]);
  own.put("short.key", next.key);
  await restart(second);
  // The door is open: it is the key that this coordinator does not know.
  await expect(ask(client)).rejects.toMatchObject({ reason: "API_KEY_UNKNOWN" });
  expect(problems).toHaveLength(1);
});
