import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { type Listening, listen } from "../../coordinator/api/listen.ts";
import { startEdge } from "../support/edge-server.ts";

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function startListening(): Promise<Listening> {
  const listening = await listen("127.0.0.1:0");
  open.push(async () => {
    listening.close();
    await listening.closed;
  });
  return listening;
}

test("who connects before the coordinator serves is served when it does", async () => {
  const listening = await startListening();
  const early = connectHttp2(`http://${listening.address}`);
  open.push(() => early.destroy());
  await once(early, "connect");
  const answered = once(early, "remoteSettings");
  const edge = await startEdge({ listen: listening });
  open.push(() => edge.close());
  expect(edge.server.address).toBe(listening.address);
  await answered;
});

test("a listener that is closed before anybody serves ends those who wait", async () => {
  const listening = await startListening();
  const early = connect(listening.port, "127.0.0.1");
  const ended = once(early, "close");
  early.on("error", () => {});
  await once(early, "connect");
  listening.close();
  await ended;
  await listening.closed;
});
