import type { StoredTask } from "../../ports/rows.ts";
import type { Handles } from "./handles.ts";
import { inSegment, wholeTask } from "./stored-tasks.ts";

/** See RecoveryStore.startedAfter. Each lane of a segment is one range of its events' key. */
export function startedAfter(
  handles: Handles,
  shard: number,
  floor: number,
  lanes: ReadonlyMap<number, number>,
  segs: readonly number[],
): StoredTask[] {
  const started: StoredTask[] = [];
  for (const seg of segs) {
    inSegment(handles, seg, undefined, () => {
      for (let lane = nextLane(handles, seg, shard, -1); lane !== null; lane = nextLane(handles, seg, shard, lane))
        started.push(...startedIn(handles, seg, shard, lane, lanes.get(lane) ?? floor));
    });
  }
  return started;
}

/** Skips from lane to lane of the key without reading what lies between. */
function nextLane({ reader }: Handles, seg: number, shard: number, after: number): number | null {
  const row = reader
    .prepare(`SELECT lane FROM event_${seg} WHERE shard = ? AND lane > ? ORDER BY lane LIMIT 1`)
    .get(shard, after);
  return (row?.["lane"] as number | undefined) ?? null;
}

function startedIn({ reader }: Handles, seg: number, shard: number, lane: number, after: number): StoredTask[] {
  return reader
    .prepare(
      `SELECT t.* FROM (SELECT DISTINCT shard, lane, seq FROM event_${seg} WHERE shard = ? AND lane = ? AND seq > ?) v
        CROSS JOIN task_${seg} t ON t.shard = v.shard AND t.lane = v.lane AND t.seq = v.seq
      WHERE NOT EXISTS (SELECT 1 FROM end_${seg} e WHERE e.shard = v.shard AND e.lane = v.lane AND e.seq = v.seq)`,
    )
    .all(shard, lane, after)
    .map((row) => wholeTask(reader, row, seg));
}
