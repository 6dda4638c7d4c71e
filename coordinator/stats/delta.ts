import { create, toBinary } from "@bufbuild/protobuf";
import {
  FailureGroupSchema,
  type Overview,
  PoolStatsSchema,
  ProblemSchema,
  type QueueStats,
  QueueStatsSchema,
  SlowerTypeSchema,
  type StatsDelta,
  StatsDeltaSchema,
  VerdictSchema,
} from "../../proto/gen/tss/v1/stats_pb.js";

/** What the watchers have been sent, so that only what differs is sent again. */
export class DeltaMaker {
  #queues = new Map<string, { readonly bytes: Buffer; readonly spark: string }>();
  #pools = new Map<string, Buffer>();
  #parts = new Map<string, Buffer>();

  /** What has changed since the last call. Seconds and marks are the caller's. */
  make(overview: Overview): StatsDelta {
    const delta = create(StatsDeltaSchema, { storeOk: overview.storeOk });
    if (overview.at !== undefined) delta.at = overview.at;
    if (overview.store !== undefined) delta.store = overview.store;
    const verdict = overview.verdict;
    if (verdict !== undefined && this.#differs("verdict", Buffer.from(toBinary(VerdictSchema, verdict))))
      delta.verdict = verdict;
    const { totals, queues } = overview;
    if (totals !== undefined) delta.totals = this.#queueChange("", totals) ?? totals;
    const names = new Set([""]);
    for (const queue of queues) {
      names.add(queue.queue);
      const changed = this.#queueChange(queue.queue, queue);
      if (changed !== null) delta.queues.push(changed);
    }
    for (const name of this.#queues.keys())
      if (!names.has(name)) {
        this.#queues.delete(name);
        delta.removedQueues.push(name);
      }
    this.#comparePools(overview, delta);
    const encode = <T>(list: readonly T[], one: (item: T) => Uint8Array) =>
      Buffer.concat(list.map((item) => one(item)));
    if (
      this.#differs(
        "problems",
        encode(overview.problems, (item) => toBinary(ProblemSchema, item)),
      )
    ) {
      delta.problemsChanged = true;
      delta.problems = overview.problems;
    }
    if (
      this.#differs(
        "failures",
        encode(overview.failures, (item) => toBinary(FailureGroupSchema, item)),
      )
    ) {
      delta.failuresChanged = true;
      delta.failures = overview.failures;
    }
    if (
      this.#differs(
        "slower",
        encode(overview.slower, (item) => toBinary(SlowerTypeSchema, item)),
      )
    ) {
      delta.slowerChanged = true;
      delta.slower = overview.slower;
    }
    return delta;
  }

  #comparePools({ pools }: Overview, delta: StatsDelta): void {
    const names = new Set(pools.map(({ pool }) => pool));
    for (const pool of pools) {
      const bytes = Buffer.from(toBinary(PoolStatsSchema, pool));
      if (this.#pools.get(pool.pool)?.equals(bytes)) continue;
      this.#pools.set(pool.pool, bytes);
      delta.pools.push(pool);
    }
    for (const name of this.#pools.keys())
      if (!names.has(name)) {
        this.#pools.delete(name);
        delta.removedPools.push(name);
      }
  }

  /** The queue as it is to be sent; null: as before. */
  #queueChange(name: string, queue: QueueStats): QueueStats | null {
    const spark = queue.finishedByMinute.join();
    const plain = create(QueueStatsSchema, { ...queue, finishedByMinute: [] });
    const bytes = Buffer.from(toBinary(QueueStatsSchema, plain));
    const before = this.#queues.get(name);
    if (before?.bytes.equals(bytes) && before.spark === spark) return null;
    this.#queues.set(name, { bytes, spark });
    return before?.spark === spark ? plain : queue;
  }

  #differs(part: string, bytes: Buffer): boolean {
    if (this.#parts.get(part)?.equals(bytes)) return false;
    this.#parts.set(part, bytes);
    return true;
  }
}
