import type { Session } from "../engine/session.ts";
import { ACTIVITY, type Told } from "./activity-log.ts";
import { DEFAULT_POOL } from "./gauges.ts";

/** Workers that come and go within this time are one entry. */
const TOGETHER_MS = 10_000;

/** Tells which workers came and went. */
export class WorkerNews {
  #known = new Map<string, { readonly pool: string; readonly name: string }>();
  #lookedAt = 0;

  look(sessions: Iterable<Session>, now: number): Told[] {
    if (now - this.#lookedAt < TOGETHER_MS) return [];
    this.#lookedAt = now;
    const before = this.#known;
    this.#known = new Map();
    const joined = new Map<string, string[]>();
    const left = new Map<string, string[]>();
    for (const { id, info } of sessions) {
      const known = before.get(id) ?? { pool: info.labels["pool"] ?? DEFAULT_POOL, name: info.name };
      this.#known.set(id, known);
      if (!before.delete(id)) add(joined, known);
    }
    for (const known of before.values()) add(left, known);
    return [...news(joined, "joined"), ...news(left, "left")];
  }
}

function add(pools: Map<string, string[]>, { pool, name }: { readonly pool: string; readonly name: string }): void {
  const names = pools.get(pool);
  if (names === undefined) pools.set(pool, [name]);
  else names.push(name);
}

function news(pools: ReadonlyMap<string, readonly string[]>, what: "joined" | "left"): Told[] {
  return [...pools].map(([pool, names]) => ({
    kind: ACTIVITY.worker,
    action: `worker.${what}`,
    subject: `pool/${pool}`,
    summary:
      names.length === 1
        ? `Worker ${names[0]} ${what === "joined" ? "joined" : "left"} pool ${pool}.`
        : `${names.length} workers ${what} pool ${pool}.`,
    detail: { count: String(names.length), workers: names.slice(0, 10).join(", ") },
  }));
}
