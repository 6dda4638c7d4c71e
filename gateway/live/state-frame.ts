import type { State } from "./source.ts";

/** What a browser has been sent of a topic's rows. */
export interface Sent {
  readonly rows: Map<string, string>;
  /** Keys in their order; "": none were sent. */
  order: string;
}

export function nothingSent(): Sent {
  return { rows: new Map(), order: "" };
}

/**
 * A topic's state as an event, less the rows that were sent before, and without an order that has not changed.
 * @param sent what the browser has; brought up to date.
 */
export function stateFrame(topic: string, state: State, sent: Sent): string {
  const name = JSON.stringify(topic);
  if (state.kind === "value") return `event: value\ndata: {"topic":${name},"value":${state.json}}\n\n`;
  const rows: string[] = [];
  for (const [key, text] of state.rows) {
    if (sent.rows.get(key) === text) continue;
    sent.rows.set(key, text);
    rows.push(`${JSON.stringify(key)}:${text}`);
  }
  for (const key of sent.rows.keys()) if (!state.rows.has(key)) sent.rows.delete(key);
  const order = JSON.stringify(state.order);
  const known = sent.order === order ? "" : `"order":${order},`;
  sent.order = order;
  return `event: rows\ndata: {"topic":${name},${known}"rows":{${rows.join(",")}},"rest":${state.rest}}\n\n`;
}
