import { create, type DescMessage, type Message, toJson } from "@bufbuild/protobuf";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import {
  type ActivityEntry,
  ActivityEntrySchema,
  FailureGroupSchema,
  LatencySchema,
  type Overview,
  PoolStatsSchema,
  ProblemSchema,
  type QueueStats,
  QueueStatsSchema,
  SlowerTypeSchema,
  type StatsDelta,
  VerdictSchema,
} from "../../proto/gen/tss/v1/stats_pb.js";
import type { RouteContext } from "../routes/context.ts";
import type { Source, State } from "./source.ts";

/** Marks that are kept for charts; as many as a snapshot has. */
const MARKS = 50;

/**
 * The overview in parts, of which a browser is sent those that have changed: `verdict`, `totals`, `problems`, `queue/NAME` …
 * One stream to the coordinator, however many look; begun anew, it goes on where it was.
 * @throws Error when the stream ends.
 */
export function statsSource({ connection }: RouteContext): Source {
  let cursor = "";
  const parts = new StatsParts();
  return async ({ signal, headers, state }) => {
    const frames = connection.service(StatsService).watchStats({ cursor }, { headers: headers(), signal });
    for await (const { cursor: next, frame } of frames) {
      if (frame.case === "snapshot") parts.begin(frame.value);
      else if (frame.case === "delta") parts.change(frame.value);
      cursor = next;
      state(parts.state());
    }
    throw new Error("The numbers stopped coming.");
  };
}

/** What is known of the whole, as texts by part. */
export class StatsParts {
  readonly #parts = new Map<string, string>();
  #marks: ActivityEntry[] = [];

  begin(overview: Overview): void {
    this.#parts.clear();
    this.#marks = [];
    this.#common(overview);
    this.#list("problems", ProblemSchema, overview.problems);
    this.#list("failures", FailureGroupSchema, overview.failures);
    this.#list("slower", SlowerTypeSchema, overview.slower);
  }

  change(delta: StatsDelta): void {
    this.#common(delta);
    for (const name of delta.removedQueues)
      for (const part of ["queue", "spark"]) this.#parts.delete(`${part}/${name}`);
    for (const name of delta.removedPools) this.#parts.delete(`pool/${name}`);
    if (delta.problemsChanged) this.#list("problems", ProblemSchema, delta.problems);
    if (delta.failuresChanged) this.#list("failures", FailureGroupSchema, delta.failures);
    if (delta.slowerChanged) this.#list("slower", SlowerTypeSchema, delta.slower);
  }

  state(): State {
    return { kind: "rows", order: [...this.#parts.keys()], rows: new Map(this.#parts), rest: "{}" };
  }

  #common({ verdict, totals, queues, pools, marks, storeOk, store }: Overview | StatsDelta): void {
    if (verdict !== undefined) this.#one("verdict", VerdictSchema, verdict);
    if (totals !== undefined) this.#queue("totals", "spark", totals);
    for (const queue of queues) this.#queue(`queue/${queue.queue}`, `spark/${queue.queue}`, queue);
    for (const pool of pools) this.#one(`pool/${pool.pool}`, PoolStatsSchema, pool);
    if (store !== undefined) this.#one("store", LatencySchema, store);
    this.#parts.set("store-ok", String(storeOk));
    const known = new Set(this.#marks.map(({ id }) => id));
    const fresh = marks.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    this.#marks = [...this.#marks, ...fresh].slice(-MARKS);
    this.#list("marks", ActivityEntrySchema, this.#marks);
  }

  /** The minutes apart, as they change once a minute and the rest once a second. None: they are as they were. */
  #queue(part: string, spark: string, queue: QueueStats): void {
    this.#one(part, QueueStatsSchema, create(QueueStatsSchema, { ...queue, finishedByMinute: [] }));
    if (queue.finishedByMinute.length > 0) this.#parts.set(spark, JSON.stringify(queue.finishedByMinute));
  }

  #one(part: string, schema: DescMessage, message: Message): void {
    this.#parts.set(part, JSON.stringify(toJson(schema, message)));
  }

  #list(part: string, schema: DescMessage, messages: readonly Message[]): void {
    this.#parts.set(part, JSON.stringify(messages.map((message) => toJson(schema, message))));
  }
}
