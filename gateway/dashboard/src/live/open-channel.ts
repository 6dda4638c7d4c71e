import { LiveClient } from "./live-client.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

export interface Channel {
  send(message: ToWorker): void;
}

/** A worker that has not greeted within this time is done without, ms. */
const GREETING_MS = 3_000;

/** To the worker that the tabs share; where a browser has none, to a client of this tab's own. */
export function openChannel(hear: (message: FromWorker) => void): Channel {
  if (typeof SharedWorker === "undefined") return ownClient(hear);
  let heard = false;
  const worker = new SharedWorker(new URL("./live-worker.ts", import.meta.url), { type: "module", name: "tss" });
  let fallback: Channel | undefined;
  let last: ToWorker | undefined;
  const giveUp = () => {
    if (heard || fallback !== undefined) return;
    worker.port.postMessage({ kind: "bye" } satisfies ToWorker);
    fallback = ownClient(hear);
    if (last !== undefined) fallback.send(last);
  };
  // A worker that cannot be started says so here, or not at all; one that runs greets who comes.
  worker.onerror = giveUp;
  setTimeout(giveUp, GREETING_MS);
  worker.port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    heard = true;
    if (fallback === undefined) hear(data);
  };
  return {
    send(message) {
      if (message.kind === "topics") last = message;
      if (fallback === undefined) worker.port.postMessage(message);
      else fallback.send(message);
    },
  };
}

function ownClient(hear: (message: FromWorker) => void): Channel {
  const client = new LiveClient({
    state: (topic, state) => hear({ kind: "state", topic, state }),
    output: (frame) => hear({ kind: "output", frame }),
    problem: (frame) => hear({ kind: "problem", frame }),
    status: (status) => hear({ kind: "status", status }),
    signedOut: () => hear({ kind: "signedOut" }),
  });
  return {
    send(message) {
      if (message.kind === "topics") client.want(message.topics, new Map(Object.entries(message.from)));
      else if (message.kind === "bye") client.want([], new Map());
      else if (message.kind === "restart") client.restart();
    },
  };
}
