import { LiveClient } from "./live-client.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

export interface Channel {
  send(message: ToWorker): void;
}

/** To the worker that the tabs share; where a browser has none, to a client of this tab's own. */
export function openChannel(hear: (message: FromWorker) => void): Channel {
  if (typeof SharedWorker === "undefined") return ownClient(hear);
  const worker = new SharedWorker(new URL("./live-worker.ts", import.meta.url), { type: "module", name: "tss" });
  let fallback: Channel | undefined;
  let last: ToWorker | undefined;
  // A worker that cannot be started says so here and nowhere else.
  worker.onerror = () => {
    fallback ??= ownClient(hear);
    if (last !== undefined) fallback.send(last);
  };
  worker.port.onmessage = ({ data }: MessageEvent<FromWorker>) => hear(data);
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
