import type { OpenProblem } from "../kernel/problems/judge.ts";
import type { SeverityName } from "../kernel/problems/rule.ts";
import { RULES, ruleOf } from "../kernel/problems/table.ts";
import { Bucket, type PackedBucket } from "../kernel/stats/bucket.ts";
import type { StatsStore } from "../ports/stats-store.ts";
import type { Recorded } from "./activity-log.ts";
import { ALL, keyOf } from "./key.ts";
import type { Tracks } from "./tracks.ts";

const TEN_MS = 10_000;
/** What sums of the last minutes reach back to. */
const PAST_MS = 600_000;
const ROWS = 100_000;
const QUEUES = 1_000;

/**
 * Takes up what all coordinators have counted in the last 10 min, of all queues together and of each.
 * @returns since when anything is known (undefined: nothing is), and until when it was read.
 */
export async function recallTracks(
  stats: StatsStore,
  tracks: Tracks,
  queues: Iterable<string>,
  now: number,
): Promise<{ readonly since: number | undefined; readonly until: number }> {
  const to = Math.floor(now / TEN_MS) * TEN_MS;
  const from = to - PAST_MS;
  const named = new Map<string, string | null>([[ALL, null]]);
  for (const queue of queues) if (named.size <= QUEUES) named.set(keyOf(queue, null), queue);
  const query = { keys: { in: [...named.keys()] }, resolutionMs: TEN_MS, from, to, limit: ROWS };
  const byKey = new Map<string, Bucket[]>();
  let since: number | undefined;
  for (const { key, at, body } of await stats.rollups(query)) {
    since ??= at;
    const tens = byKey.get(key) ?? Array.from({ length: PAST_MS / TEN_MS }, () => new Bucket());
    byKey.set(key, tens);
    tens[(at - from) / TEN_MS]?.merge(JSON.parse(body) as PackedBucket);
  }
  for (const [key, tens] of byKey) {
    const packed = tens.map((bucket) => bucket.pack());
    tracks.of(named.get(key) ?? null, null).recall(packed, from);
  }
  return { since, until: to };
}

/** Problems that the list says are open: they go on, or are over, and are not told again. @param rows newest first. */
export function recallProblems(rows: readonly Recorded[], now: number): OpenProblem[] {
  const open = new Map<string, OpenProblem | null>();
  for (const { action, subject, summary, detail, at } of rows) {
    const { code = "", severity = "", ...evidence } = JSON.parse(detail) as Record<string, string>;
    const id = `${code}:${subject}`;
    if (open.has(id) || !RULES.some((rule) => rule.code === code)) continue;
    const { forMs, alert } = ruleOf(code);
    open.set(
      id,
      action !== "problem.open"
        ? null
        : {
            ...{ id, code, subject, summary, evidence, severity: severity as SeverityName, alert: alert.name },
            ...{ action: "See whether it is over.", command: "", weight: 0 },
            ...{ since: at - forMs, lastHeld: now, open: true },
          },
    );
  }
  return [...open.values()].filter((problem) => problem !== null);
}
