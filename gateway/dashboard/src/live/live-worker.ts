/// <reference lib="webworker" />
import { LiveClient } from "./live-client.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/**
 * Shared by every tab of a browser: over HTTP/1.1 a browser has six connections to one host, and a stream in each tab would
 * use them up. It wants what any of its tabs wants.
 */
const tabs = new Map<MessagePort, { topics: readonly string[]; from: ReadonlyMap<string, number>; seenAt: number }>();
let status: FromWorker = { kind: "status", status: "connecting" };

/** A tab that has said nothing for this long has crashed; hidden ones wake once a minute at least. */
const GONE_MS = 200_000;

const client = new LiveClient({
  state: (topic, state) => tell({ kind: "state", topic, state }, topic),
  output: (frame) => tell({ kind: "output", frame }, frame.topic),
  problem: (frame) => tell({ kind: "problem", frame }, frame.topic),
  signedOut: () => tell({ kind: "signedOut" }),
  status(next) {
    status = { kind: "status", status: next };
    tell(status);
  },
});

function tell(message: FromWorker, topic?: string): void {
  for (const [port, tab] of tabs) if (topic === undefined || tab.topics.includes(topic)) port.postMessage(message);
}

function wantAll(): void {
  const topics = [...new Set([...tabs.values()].flatMap((tab) => tab.topics))];
  client.want(topics, new Map([...tabs.values()].flatMap((tab) => [...tab.from])));
}

function hear(port: MessagePort, message: ToWorker): void {
  const seenAt = Date.now();
  const tab = tabs.get(port) ?? { topics: [] as readonly string[], from: new Map<string, number>(), seenAt };
  if (message.kind === "bye") tabs.delete(port);
  else if (message.kind === "topics") {
    const { topics } = message;
    tabs.set(port, { topics, from: new Map(Object.entries(message.from)), seenAt });
    for (const topic of topics) {
      const state = tab.topics.includes(topic) ? undefined : client.stateOf(topic);
      if (state !== undefined) port.postMessage({ kind: "state", topic, state } satisfies FromWorker);
    }
  } else tabs.set(port, { ...tab, seenAt });
  if (message.kind === "restart") client.restart();
  else if (message.kind !== "here") wantAll();
}

(self as unknown as SharedWorkerGlobalScope).onconnect = ({ ports }) => {
  const port = ports[0] as MessagePort;
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => hear(port, data);
  port.postMessage(status);
};

setInterval(() => {
  for (const [port, { seenAt }] of tabs) if (Date.now() - seenAt > GONE_MS) tabs.delete(port);
  wantAll();
}, 60_000);
