import type { TaskRef } from "../../kernel/task-ref.ts";
import type { StoredTask, TaskHead } from "../../ports/rows.ts";
import type { Checkpoint, FlushShard, RecoveryStore } from "../../ports/store.ts";
import { expiredTasks } from "./expired.ts";
import type { Handles } from "./handles.ts";
import { ownerWrite } from "./handles.ts";
import { checkEpochs } from "./ownership.ts";
import { type Row, taskHeadOf } from "./row-codec.ts";
import { startedAfter } from "./started.ts";
import { inSegment, wholeTask } from "./stored-tasks.ts";

const HEAD = "t.shard, t.lane, t.seq, t.created_at, t.run_at, t.expires_at, t.timeout_ms, t.max_attempts, t.spec";

const unended = (seg: number): string =>
  `NOT EXISTS (SELECT 1 FROM end_${seg} e WHERE e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq)`;

export function makeRecovery(handles: Handles): RecoveryStore {
  const { reader } = handles;
  return {
    checkpoints: async () =>
      reader.read(() => reader.prepare("SELECT * FROM checkpoint ORDER BY shard").all().map(checkpointOf)),
    async writeCheckpoints(checkpoints) {
      ownerWrite(handles, () => {
        checkEpochs(handles.writer, checkpoints);
        const replace = handles.writer.prepare("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?, ?)");
        for (const { shard, epoch, flushNo, at, body } of checkpoints) replace.run(shard, epoch, flushNo, at, body);
      });
    },
    flushesAfter: async (shard, epoch, flushNo, segs) =>
      reader.read(() => segs.flatMap((seg) => flushesIn(handles, seg, shard, epoch, flushNo)).sort(byAge)),
    startedAfter: async (shard, floor, lanes, segs) =>
      reader.read(() => startedAfter(handles, shard, floor, lanes, segs)),
    delayedAfter: async (shard, afterSeq, segs) =>
      reader.read(() => segs.flatMap((seg) => (seg === 0 ? [] : delayedIn(handles, seg, shard, afterSeq)))),
    refill: async (seg, shard, lane, afterSeq, limit, maxBytes) =>
      reader.read(() =>
        inSegment(handles, seg, [], () => refill(handles, { seg, shard, lane, afterSeq, limit, maxBytes })),
      ),
    due: async (from, to, after, limit) => reader.read(() => due(handles, from, to, after, limit)),
    expired: async (segs, from, to, after, limit) =>
      reader.read(() => expiredTasks(handles, segs, { from, to, after, limit })),
  };
}

function checkpointOf(row: Row): Checkpoint {
  return { ...flushShardOf(row), at: row["at"] as number };
}

function flushShardOf(row: Row): FlushShard {
  return {
    shard: row["shard"] as number,
    epoch: row["epoch"] as number,
    flushNo: row["flush_no"] as number,
    body: row["body"] as Uint8Array,
  };
}

/** Flush rows are in the ring alone. */
function flushesIn(handles: Handles, seg: number, shard: number, epoch: number, flushNo: number): FlushShard[] {
  if (seg === 0) return [];
  return inSegment(handles, seg, [], () =>
    handles.reader
      .prepare(`SELECT shard, epoch, flush_no, body FROM flush_${seg} WHERE shard = ? AND (epoch, flush_no) > (?, ?)`)
      .all(shard, epoch, flushNo)
      .map(flushShardOf),
  );
}

const byAge = (a: FlushShard, b: FlushShard): number => a.epoch - b.epoch || a.flushNo - b.flushNo;

function delayedIn(handles: Handles, seg: number, shard: number, afterSeq: number): TaskHead[] {
  return inSegment(handles, seg, [], () =>
    handles.reader
      .prepare(
        `SELECT ${HEAD} FROM task_${seg} t WHERE t.shard = ? AND t.seq > ? AND t.run_at > 0 AND ${unended(seg)} ORDER BY t.seq`,
      )
      .all(shard, afterSeq)
      .map((row) => taskHeadOf(row, seg)),
  );
}

interface RefillOptions {
  readonly seg: number;
  readonly shard: number;
  readonly lane: number;
  readonly afterSeq: number;
  readonly limit: number;
  readonly maxBytes: number;
}

function refill({ reader }: Handles, { seg, shard, lane, afterSeq, limit, maxBytes }: RefillOptions): TaskHead[] {
  const rows = reader.prepare(
    `SELECT ${HEAD} FROM task_${seg} t WHERE t.shard = ? AND t.lane = ? AND t.seq > ?
      ${seg === 0 ? "AND t.run_at = 0" : ""} AND ${unended(seg)} ORDER BY t.seq LIMIT ?`,
  );
  const heads: TaskHead[] = [];
  let bytes = 0;
  for (const row of rows.iterate(shard, lane, afterSeq, limit)) {
    const head = taskHeadOf(row, seg);
    bytes += head.spec.length;
    if (heads.length > 0 && bytes > maxBytes) break;
    heads.push(head);
  }
  return heads;
}

function due(
  { reader }: Handles,
  from: number,
  to: number,
  after: (TaskRef & { runAt: number }) | null,
  limit: number,
): StoredTask[] {
  const place = after ?? { runAt: from, shard: Number.MAX_SAFE_INTEGER, lane: 0, seq: 0 };
  return reader
    .prepare(
      `SELECT * FROM task_0 t WHERE t.run_at > 0 AND t.run_at <= ? AND (t.run_at, t.shard, t.lane, t.seq) > (?, ?, ?, ?) AND ${unended(0)}
      ORDER BY t.run_at, t.shard, t.lane, t.seq LIMIT ?`,
    )
    .all(to, place.runAt, place.shard, place.lane, place.seq, limit)
    .map((row) => wholeTask(reader, row, 0));
}
