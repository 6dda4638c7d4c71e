import type { TaskRef } from "../../kernel/task-ref.ts";
import type { StoredTask } from "../../ports/rows.ts";
import type { Checkpoint, FlushShard, RecoveryStore } from "../../ports/store.ts";
import { byExpiry, delayedHeads, expiredHeads, laneHeads } from "./heads.ts";
import type { HeldShards } from "./held-shards.ts";
import type { LatestExpiries } from "./latest-expiries.ts";
import type { Leaves } from "./leaves.ts";
import { joinEnded, UNENDED } from "./lookups.ts";
import type { ReadPool } from "./read-pool.ts";
import { startedRefs } from "./started.ts";
import { storedTasks } from "./stored-tasks.ts";

const SAVE = `INSERT INTO tss_checkpoint (shard, epoch, flush_no, at, body) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (shard) DO UPDATE SET epoch = excluded.epoch, flush_no = excluded.flush_no, at = excluded.at, body = excluded.body`;

const DUE = `SELECT t.run_at, t.shard, t.lane, t.seq FROM tss_task_0 t ${joinEnded(0, "t")}
  WHERE t.run_at > 0 AND t.run_at > $1 AND t.run_at <= $2 AND t.run_at >= $3
    AND t.shard = ANY ($8::smallint[]) AND (t.run_at, t.shard, t.lane, t.seq) > ($3::bigint, $4::int, $5::bigint, $6::bigint)
    AND ${UNENDED}
  ORDER BY t.run_at, t.shard, t.lane, t.seq LIMIT $7`;

export function makeRecovery(
  pool: ReadPool,
  leaves: Leaves,
  expiries: LatestExpiries,
  held: HeldShards,
): RecoveryStore {
  return {
    async checkpoints() {
      const rows = await pool.rows({ text: "SELECT shard, epoch, flush_no, at, body FROM tss_checkpoint" });
      return rows.map((row) => ({
        shard: row.shard,
        epoch: row.epoch,
        flushNo: row.flush_no,
        at: row.at,
        body: row.body,
      }));
    },
    async writeCheckpoints(checkpoints) {
      if (checkpoints.length > 0) await saveCheckpoints(pool, checkpoints);
    },
    async flushesAfter(shard, epoch, flushNo, segs) {
      const each = await perLeaf(leaves, segs, (seg) => flushesIn(pool, seg, shard, epoch, flushNo));
      return each.sort((a, b) => a.epoch - b.epoch || a.flushNo - b.flushNo);
    },
    async startedAfter(shard, floor, lanes, segs) {
      return perLeaf(leaves, segs, async (seg) => {
        const stored = await storedTasks(pool, seg, await startedRefs(pool, seg, shard, floor, lanes));
        // One that ended or moved since its ref was read is no longer started here.
        return stored.filter((one): one is StoredTask => one !== null && one.end === null);
      });
    },
    async delayedAfter(shard, afterSeq, segs) {
      const ring = segs.filter((seg) => seg !== 0);
      return perLeaf(leaves, ring, (seg) => delayedHeads(pool, seg, shard, afterSeq));
    },
    async refill(seg, shard, lane, afterSeq, limit, maxBytes) {
      if ((await leaves.existing([seg])).length === 0) return [];
      return laneHeads(pool, { seg, shard, lane, afterSeq, limit, maxBytes });
    },
    async due(from, to, after, limit) {
      const start = after ?? { runAt: 0, shard: 0, lane: 0, seq: 0 };
      const values = [from, to, start.runAt, start.shard, start.lane, start.seq, limit, held.list];
      const refs = await pool.rows({ name: "due", text: DUE, values });
      const stored = await storedTasks(pool, 0, refs as readonly TaskRef[]);
      return stored.filter((one): one is StoredTask => one !== null && one.end === null);
    },
    async expired(segs, from, to, after, limit) {
      const asked = await expiries.thatMayHold(segs, from);
      const heads = await perLeaf(leaves, asked, (seg) =>
        expiredHeads(pool, { seg, from, to, after, limit, shards: held.list }),
      );
      return heads.sort(byExpiry).slice(0, limit);
    },
  };
}

async function perLeaf<T>(
  leaves: Leaves,
  segs: readonly number[],
  read: (seg: number) => Promise<readonly T[]>,
): Promise<T[]> {
  return (await Promise.all((await leaves.existing(segs)).map(read))).flat();
}

function saveCheckpoints(pool: ReadPool, checkpoints: readonly Checkpoint[]): Promise<void> {
  return pool.transaction(async (client) => {
    const shards = checkpoints.map((checkpoint) => checkpoint.shard);
    const epochs = checkpoints.map((checkpoint) => checkpoint.epoch);
    await client.query({ name: "fence", text: "SELECT tss_fence($1, $2)", values: [shards, epochs] });
    for (const { shard, epoch, flushNo, at, body } of checkpoints)
      await client.query({ name: "checkpoint", text: SAVE, values: [shard, epoch, flushNo, at, asBuffer(body)] });
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function flushesIn(
  pool: ReadPool,
  seg: number,
  shard: number,
  epoch: number,
  flushNo: number,
): Promise<readonly FlushShard[]> {
  const rows = await pool.rows({
    name: `flushes_${seg}`,
    text: `SELECT shard, epoch, flush_no, body FROM tss_flush_${seg}
      WHERE shard = $1 AND epoch >= $2 AND (epoch, flush_no) > ($2::bigint, $3::bigint) ORDER BY epoch, flush_no`,
    values: [shard, epoch, flushNo],
  });
  return rows.map((row) => ({ shard: row.shard, epoch: row.epoch, flushNo: row.flush_no, body: row.body }));
}
