import type { State } from "./source.ts";

/**
 * A topic's state as an event, less the rows that were sent before.
 * @param sent rows the browser has; brought up to date.
 */
export function stateFrame(topic: string, state: State, sent: Map<string, string>): string {
  const name = JSON.stringify(topic);
  if (state.kind === "value") return `event: value\ndata: {"topic":${name},"value":${state.json}}\n\n`;
  const rows: string[] = [];
  for (const [key, text] of state.rows) {
    if (sent.get(key) === text) continue;
    sent.set(key, text);
    rows.push(`${JSON.stringify(key)}:${text}`);
  }
  for (const key of sent.keys()) if (!state.rows.has(key)) sent.delete(key);
  const order = JSON.stringify(state.order);
  return `event: rows\ndata: {"topic":${name},"order":${order},"rows":{${rows.join(",")}},"rest":${state.rest}}\n\n`;
}
