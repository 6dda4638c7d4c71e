import type { Clock } from "../../runtime/clock.ts";
import type { ActivityLog } from "./activity-log.ts";
import type { Counted } from "./cells.ts";
import type { FailureBook } from "./failure-book.ts";
import type { QueueGauge } from "./gauges.ts";
import type { Sample } from "./sample.ts";

/** What waits and runs at a coordinator that has said nothing for this long is not known any more. */
const SILENT_MS = 3_000;
/** The owners of rollups that are remembered; one that is forgotten tells its minute anew. */
const OWNERS = 200;

/** What the other coordinators have told of themselves. */
export class Others {
  readonly #clock: Clock;
  readonly #failures: FailureBook;
  readonly #activity: ActivityLog;
  readonly #newest = new Map<number, { readonly heardAt: number; readonly sample: Sample }>();
  readonly #known = new Set<number>();
  #counted: Counted[] = [];
  #readUntil = 0;

  constructor(clock: Clock, failures: FailureBook, activity: ActivityLog) {
    this.#clock = clock;
    this.#failures = failures;
    this.#activity = activity;
  }

  /** Whether any was ever heard of. */
  get any(): boolean {
    return this.#known.size > 0;
  }

  /** What all of them had counted before this time, ms since 1970, was read from the store. */
  skipUntil(at: number): void {
    this.#readUntil = at;
  }

  hear(sample: Sample): void {
    const now = this.#clock.now();
    const { owner, begins } = sample;
    const known = this.#known.has(owner);
    if (!known && this.#known.size >= OWNERS) this.#known.delete(this.#known.values().next().value as number);
    this.#known.add(owner);
    this.#newest.set(owner, { heardAt: this.#clock.monotonic(), sample: inOurTime(sample, now) });
    this.#counted.push(sample);
    if (!known)
      for (const { at, cells } of sample.past ?? [])
        if (at >= this.#readUntil) this.#counted.push({ cells, store: undefined });
    // Who was heard of before has told of this minute already, as far as it was heard.
    if (!begins || !known) for (const heard of sample.failures) this.#failures.hear(heard, now);
    this.#activity.hear(sample.marks);
  }

  /** What was counted since the last call. */
  take(): readonly Counted[] {
    const counted = this.#counted;
    this.#counted = [];
    return counted;
  }

  /** The newest of each that still speaks. */
  now(): readonly Sample[] {
    const at = this.#clock.monotonic();
    for (const [owner, { heardAt }] of this.#newest) if (at - heardAt > SILENT_MS) this.#newest.delete(owner);
    return [...this.#newest.values()].map(({ sample }) => sample);
  }
}

/** Ages stay what they are, though the clocks of two machines differ. */
function inOurTime(sample: Sample, now: number): Sample {
  const ahead = now - sample.now;
  const queues = sample.queues.map(
    (gauge): QueueGauge => (gauge.readySince === 0 ? gauge : { ...gauge, readySince: gauge.readySince + ahead }),
  );
  return { ...sample, queues };
}
