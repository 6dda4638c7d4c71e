import type { TaskRef } from "../../kernel/task-ref.ts";
import { joinEnded, UNENDED } from "./lookups.ts";
import type { ReadPool } from "./read-pool.ts";

/**
 * Refs of the tasks of a shard that have events and no end, beyond a seq of their lane. The lanes are found by hopping
 * over the primary key, so that each lane is read from its own seq on and what lies before is never touched.
 */
export async function startedRefs(
  pool: ReadPool,
  seg: number,
  shard: number,
  floor: number,
  lanes: ReadonlyMap<number, number>,
): Promise<readonly TaskRef[]> {
  const rows = await pool.rows({
    name: `started_${seg}`,
    text: `WITH RECURSIVE hop(lane) AS (
        SELECT min(v.lane) FROM tss_event_${seg} v WHERE v.shard = $1
        UNION ALL
        SELECT (SELECT min(v.lane) FROM tss_event_${seg} v WHERE v.shard = $1 AND v.lane > hop.lane)
        FROM hop WHERE hop.lane IS NOT NULL)
      SELECT $1::int AS shard, h.lane, v.seq FROM hop h
      LEFT JOIN unnest($3::bigint[], $4::bigint[]) c(lane, seq) ON c.lane = h.lane
      CROSS JOIN LATERAL (SELECT DISTINCT v.seq FROM tss_event_${seg} v ${joinEnded(seg, "v")}
        WHERE v.shard = $1 AND v.lane = h.lane AND v.seq > coalesce(c.seq, $2) AND ${UNENDED}) v
      WHERE h.lane IS NOT NULL ORDER BY h.lane, v.seq`,
    values: [shard, floor, [...lanes.keys()], [...lanes.values()]],
  });
  return rows as readonly TaskRef[];
}
