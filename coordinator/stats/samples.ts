import { create, toBinary } from "@bufbuild/protobuf";
import { WatchSamplesResponseSchema } from "../../proto/gen/tss/v1/peer_service_pb.js";
import type { EngineState } from "../engine/state.ts";
import type { ActivityLog, Recorded } from "./activity-log.ts";
import type { FailureBook } from "./failure-book.ts";
import { Feed } from "./feed.ts";
import { readWorkers } from "./gauges.ts";
import { encodeSample, type PastSecond, type Sample } from "./sample.ts";
import type { OwnSecond } from "./sampler.ts";
import { storeHealth } from "./store-health.ts";

/** Samples go on being made this long after the last coordinator that listened, for it to come back to. */
const WATCHED_MS = 120_000;
/** Nothing that is kept is left out for one who is behind: counts would be missing. */
const BEHIND = 120;
/** Who begins to listen has read from the store what was counted before: all but the buckets of 10 s not stored yet. */
const PAST_MS = 30_000;
const PAST_CELLS = 20_000;

/** What this coordinator tells the others of itself: nothing, and at no cost, while there are none. */
export class Samples {
  readonly #state: EngineState;
  readonly #owner: number;
  readonly #failures: FailureBook;
  readonly #activity: ActivityLog;
  readonly #feed = new Feed(BEHIND);
  #watchedAt = Number.NEGATIVE_INFINITY;
  #gauges: OwnSecond["gauges"] = new Map();
  #past: PastSecond[] = [];

  constructor(state: EngineState, owner: number, failures: FailureBook, activity: ActivityLog) {
    this.#state = state;
    this.#owner = owner;
    this.#failures = failures;
    this.#activity = activity;
  }

  /** Samples for one other coordinator, encoded; the same for all of them. */
  watch(cursor: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.#watchedAt = this.#state.clock.monotonic();
    this.#failures.listen();
    this.#activity.listen();
    return this.#feed.watch(cursor, () => this.#begin(), signal);
  }

  /** Whether anybody has listened lately. */
  get areHeard(): boolean {
    return this.#feed.watchers > 0 || this.#state.clock.monotonic() - this.#watchedAt <= WATCHED_MS;
  }

  publish(second: OwnSecond): void {
    this.#gauges = second.gauges;
    this.#keep(second);
    if (this.#feed.watchers > 0) this.#watchedAt = this.#state.clock.monotonic();
    if (!this.areHeard) {
      this.#failures.listen(false);
      this.#activity.listen(false);
      return;
    }
    const { cells, store } = second.counted;
    const told = {
      cells,
      store,
      failures: this.#failures.takeUntold(),
      marks: this.#activity.takeUntold(),
    };
    this.#feed.publish(this.#encode(this.#feed.nextCursor, { ...told, begins: false }));
  }

  #keep({ at, counted: { cells } }: OwnSecond): void {
    if (!this.#state.shared) return;
    if (cells.length > 0) this.#past.push({ at, cells });
    let room = PAST_CELLS;
    const isKept = (second: PastSecond) => {
      room -= second.cells.length;
      return room >= 0 && at - second.at < PAST_MS;
    };
    this.#past = this.#past.toReversed().filter(isKept).reverse();
  }

  /** For one who knows nothing: what waits and runs, and what was counted and is not in the store yet. */
  #begin(): Uint8Array {
    const failures = this.#failures.minute();
    const marks: readonly Recorded[] = [];
    const nothing = { cells: [], store: undefined, marks };
    return this.#encode(this.#feed.cursor, { ...nothing, failures, begins: true, past: this.#past });
  }

  #encode(
    cursor: string,
    part: Pick<Sample, "cells" | "store" | "failures" | "marks" | "begins" | "past">,
  ): Uint8Array {
    const sample = encodeSample({
      ...part,
      owner: this.#owner,
      now: this.#state.clock.now(),
      queues: [...this.#gauges.values()],
      streaming: readWorkers(this.#state, ({ polls }) => !polls),
      polling: readWorkers(this.#state, ({ polls }) => polls),
      problem: storeHealth(this.#state),
    });
    return toBinary(WatchSamplesResponseSchema, create(WatchSamplesResponseSchema, { cursor, sample }));
  }
}
