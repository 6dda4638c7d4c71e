import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { ConnectionOptions } from "../../sdk/typescript/connection-types.ts";

/** What a caller is told when the address is somebody else's. */

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function addressOf(server: Server | TcpServer | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function call(address: string, options: Partial<ConnectionOptions> = {}): Promise<string> {
  const connection = openConnection({ address, ...options });
  closers.push(() => connection.close());
  const error = await connection
    .service(StatsService)
    .getServerInfo({})
    .catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: "UNAVAILABLE" });
  return (error as Error).message;
}

test("a web server is no coordinator", async () => {
  const address = await addressOf(createServer((_request, response) => response.end("hello")));
  expect(await call(address)).toBe(`No coordinator answers at ${address} (what answers there is no coordinator).`);
  expect(await call(address, { tls: {} })).toBe(
    `No coordinator answers at ${address} (it does not speak TLS; leave out TSS_TLS_CA).`,
  );
});

test("one that closes the connection may ask for TLS", async () => {
  const address = await addressOf(createTcpServer((socket) => socket.destroy()));
  expect(await call(address)).toMatch(/\((it closes the connection: does it ask for TLS, or .*|ECONNRESET)\)\.$/);
});

test("a name that is not known is told so", async () => {
  expect(await call("no-such-host.invalid:7400")).toMatch(/\((its name is not known|E[A-Z]+)\)\.$/);
});

test("a call whose stream is reset before an answer was not answered by the coordinator", async () => {
  const server = createHttp2Server().on("stream", (stream) => stream.on("error", () => {}).close(2));
  const address = await addressOf(server);
  expect(await call(address)).toBe(`The connection to the coordinator at ${address} was lost.`);
});
