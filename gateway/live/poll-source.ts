import { type DescMessage, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import type { Source, State } from "./source.ts";

/** Pause between two reads, ms: a change is shown within a second. */
const INTERVAL_MS = 600;
/** Reads take at most this share of the time. */
const BUSY_SHARE = 0.25;
/** And of a search that is not at its end this one: each of its reads looks at as much as one may. */
const SEARCH_SHARE = 0.05;

export interface Poll {
  readonly output: DescMessage;
  read(headers: Record<string, string>, signal: AbortSignal): Promise<Message>;
  /** Where the rows are and what tells them apart; absent: the answer is one value. */
  readonly rows?: { readonly field: string; readonly key: string };
  /** Between two reads, where what changes need not be seen within a second, ms. */
  readonly pauseMs?: number;
}

/** One read at a time for everybody who listens, however many they are. */
export function pollSource(poll: Poll): Source {
  return async ({ signal, headers, state }) => {
    let last: State | undefined;
    while (!signal.aborted) {
      const begun = performance.now();
      const json = toJson(poll.output, await poll.read(headers(), signal)) as JsonObject;
      const next = poll.rows === undefined ? valueState(json, last) : rowsState(json, poll.rows, last);
      if (next !== last) state(next);
      last = next;
      const took = performance.now() - begun;
      const share = json["scannedTo"] === undefined ? BUSY_SHARE : SEARCH_SHARE;
      await pause(Math.max(poll.pauseMs ?? INTERVAL_MS, took / share), signal);
    }
  };
}

function valueState(json: JsonObject, last: State | undefined): State {
  const text = JSON.stringify(json);
  return last?.kind === "value" && last.json === text ? last : { kind: "value", json: text };
}

function rowsState(json: JsonObject, { field, key }: { field: string; key: string }, last: State | undefined): State {
  const { [field]: list, ...others } = json;
  const known = last?.kind === "rows" ? last.rows : new Map<string, string>();
  const rows = new Map<string, string>();
  for (const row of (list ?? []) as JsonObject[]) {
    const id = String(row[key] ?? "");
    const text = JSON.stringify(row);
    const before = known.get(id);
    rows.set(id, before === text ? before : text);
  }
  const order = [...rows.keys()];
  const rest = JSON.stringify(others as JsonValue);
  const same =
    last?.kind === "rows" &&
    last.rest === rest &&
    last.order.length === order.length &&
    order.every((id, index) => last.order[index] === id && last.rows.get(id) === rows.get(id));
  return same ? last : { kind: "rows", order, rows, rest };
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(over, ms);
    function over() {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    }
    signal.addEventListener("abort", over, { once: true });
  });
}
