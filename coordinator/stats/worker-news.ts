import type { Session } from "../engine/session.ts";
import { ACTIVITY, type Told } from "./activity-log.ts";
import { DEFAULT_POOL } from "./gauges.ts";

/** Workers that come and go within this time are one entry. */
const TOGETHER_MS = 10_000;

interface Known {
  /** No other coordinator has a session of it. */
  readonly here: boolean;
  readonly pool: string;
  readonly name: string;
  readonly session: Pick<Session, "draining">;
}

/** How a worker's coming and going is told. Lost: its lease ended before it had said that it would go. */
const VERBS = { joined: "joined", left: "left", lost: "was lost from" } as const;
type News = keyof typeof VERBS;

export interface WorkerTold extends Told {
  /** Of workers that no other coordinator knows. */
  readonly here: boolean;
}

/** Tells which workers came and went. */
export class WorkerNews {
  #known = new Map<string, Known>();
  #lookedAt = 0;

  look(sessions: Iterable<Session>, now: number): WorkerTold[] {
    if (now - this.#lookedAt < TOGETHER_MS) return [];
    this.#lookedAt = now;
    const before = this.#known;
    this.#known = new Map();
    const joined: Known[] = [];
    for (const session of sessions) {
      const { id, info } = session;
      const known = before.get(id) ?? {
        ...{ pool: info.labels["pool"] ?? DEFAULT_POOL, name: info.name, session },
        here: session.polls,
      };
      this.#known.set(id, known);
      if (!before.delete(id)) joined.push(known);
    }
    const gone = [...before.values()];
    return [
      ...news(joined, "joined"),
      ...news(
        gone.filter(({ session }) => session.draining),
        "left",
      ),
      ...news(
        gone.filter(({ session }) => !session.draining),
        "lost",
      ),
    ];
  }
}

function news(workers: readonly Known[], what: News): WorkerTold[] {
  return [...Map.groupBy(workers, ({ pool, here }) => `${here} ${pool}`).values()].map((all) => {
    const { pool, here } = all[0] as Known;
    const names = all.map(({ name }) => name);
    const [first] = names;
    const many = what === "lost" ? "were lost from" : VERBS[what];
    return {
      kind: ACTIVITY.worker,
      action: `worker.${what}`,
      subject: `pool/${pool}`,
      summary:
        names.length === 1
          ? `Worker ${first} ${VERBS[what]} pool ${pool}.`
          : `${names.length} workers ${many} pool ${pool}.`,
      here,
      detail: { count: String(names.length), workers: names.slice(0, 10).join(", ") },
    };
  });
}
