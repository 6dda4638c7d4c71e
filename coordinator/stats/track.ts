import { AT, Bucket, FLOW, isIdle, type PackedBucket } from "../kernel/stats/bucket.ts";
import { Histogram, type PackedHistogram } from "../kernel/stats/histogram.ts";

const TEN_MS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** 10 s buckets in 5 and in 10 minutes. */
const FIVE = 30;
const TEN = 60;
const SPARK_MINUTES = 30;
const RUN_MINUTES = 60;

/** A bucket that is over, to be kept. */
export interface Closed {
  readonly resolutionMs: number;
  readonly at: number;
  readonly bucket: PackedBucket;
}

/**
 * How one key goes: the buckets that are open, and sums over the last minutes that cost an addition a second, never a walk
 * over what is remembered.
 */
export class Track {
  readonly key: string;
  readonly queue: string | null;
  readonly type: string | null;
  /** The second under way. */
  readonly second = new Bucket();
  readonly ten = new Bucket();
  readonly minute = new Bucket();
  readonly hour = new Bucket();
  /** The last 5 min, to a 10 s bucket. */
  readonly five = new Bucket();
  /** Flow of the last 10 min, to a 10 s bucket. */
  readonly flow10 = new Float64Array(FLOW.length);
  /** Tasks that ended in each of the last whole minutes, oldest first. */
  readonly spark: number[] = [];
  /** Runs of the last whole hour, to a minute; of types only. */
  readonly hourRuns = new Histogram();
  /** Seconds since anything moved or was there. */
  idleSeconds = 0;
  readonly #tens: PackedBucket[] = [];
  readonly #runs: (PackedHistogram | undefined)[] = [];
  readonly #in = new Float64Array(60);
  readonly #out = new Float64Array(60);
  #inSum = 0;
  #outSum = 0;
  #at = 0;

  constructor(key: string, queue: string | null, type: string | null) {
    this.key = key;
    this.queue = queue;
    this.type = type;
  }

  /** Becomes as the other is; nothing was counted here yet. */
  copy(other: Track): void {
    for (const name of ["second", "ten", "minute", "hour", "five"] as const) this[name].merge(other[name].pack());
    this.flow10.set(other.flow10);
    this.spark.push(...other.spark);
    this.hourRuns.merge(other.hourRuns.pack());
    this.idleSeconds = other.idleSeconds;
    this.#tens.push(...other.#tens);
    this.#runs.push(...other.#runs);
    this.#in.set(other.#in);
    this.#out.set(other.#out);
    this.#inSum = other.#inSum;
    this.#outSum = other.#outSum;
    this.#at = other.#at;
  }

  /** Takes up the sums of what was counted before this run. @param tens its 10 s buckets, oldest first, one after the other. */
  recall(tens: readonly PackedBucket[], firstAt: number): void {
    for (const [place, { flow, wait, run, store }] of tens.entries()) {
      const at = firstAt + place * TEN_MS;
      const merged = { ...(flow && { flow }), ...(wait && { wait }), ...(run && { run }), ...(store && { store }) };
      this.second.merge(merged);
      this.closeSecond(at + TEN_MS - 1_000);
      this.closeBuckets(at + TEN_MS - 1_000, at + TEN_MS);
    }
    // They are stored already.
    for (const bucket of [this.ten, this.minute, this.hour]) bucket.clear();
  }

  /** Tasks accepted and ended in the last 60 s. */
  get inPerMinute(): number {
    return this.#inSum;
  }

  get outPerMinute(): number {
    return this.#outSum;
  }

  /** The second is over: gives it, and begins the next. @param at start of the second, whole seconds, rising. */
  closeSecond(at: number): PackedBucket {
    const bucket = this.second.pack();
    const { second } = this;
    this.#turn(at);
    const place = (at / 1_000) % 60;
    this.#in[place] = (this.#in[place] as number) + second.count("submitted");
    this.#out[place] = (this.#out[place] as number) + second.ended;
    this.#inSum += second.count("submitted");
    this.#outSum += second.ended;
    this.ten.merge(bucket);
    this.five.merge(bucket);
    for (const [count, by] of second.flow.entries()) this.flow10[count] = (this.flow10[count] as number) + by;
    this.idleSeconds = isIdle(bucket) ? this.idleSeconds + 1 : 0;
    second.clear();
    return bucket;
  }

  /** Forgets the seconds of the last minute that the clock has passed. */
  #turn(at: number): void {
    const steps = this.#at === 0 ? 60 : Math.min(Math.max((at - this.#at) / 1_000, 0), 60);
    for (let step = 0; step < steps; step++) {
      const place = (at / 1_000 - step) % 60;
      this.#inSum -= this.#in[place] as number;
      this.#outSum -= this.#out[place] as number;
      this.#in[place] = 0;
      this.#out[place] = 0;
    }
    this.#at = Math.max(at, this.#at);
  }

  /** Closes what ends between the last second and the next. */
  closeBuckets(lastAt: number, nextAt: number): Closed[] {
    const closed: Closed[] = [];
    const start = (ms: number) => Math.floor(lastAt / ms) * ms;
    const over = (ms: number) => start(ms) !== Math.floor(nextAt / ms) * ms;
    if (!over(TEN_MS)) return closed;
    const ten = this.#close(this.ten, this.minute);
    closed.push({ resolutionMs: TEN_MS, at: start(TEN_MS), bucket: ten });
    // As many as the time that has passed: after a standstill the older ones are forgotten too.
    const passed = Math.floor(nextAt / TEN_MS) - Math.floor(lastAt / TEN_MS);
    this.#slide(ten);
    for (let step = 1; step < Math.min(passed, TEN + 1); step++) this.#slide({});
    if (over(MINUTE_MS)) {
      this.#noteMinute();
      closed.push({ resolutionMs: MINUTE_MS, at: start(MINUTE_MS), bucket: this.#close(this.minute, this.hour) });
    }
    if (over(HOUR_MS)) closed.push({ resolutionMs: HOUR_MS, at: start(HOUR_MS), bucket: this.#close(this.hour, null) });
    return closed;
  }

  /** What is counted in a bucket that is still open, with everything below it. */
  open(resolutionMs: number): Bucket {
    const sum = new Bucket();
    for (const bucket of [this.ten, this.minute, this.hour].slice(0, DEPTH[resolutionMs] ?? 0))
      sum.merge(bucket.pack());
    return sum;
  }

  #close(bucket: Bucket, into: Bucket | null): PackedBucket {
    const closed = bucket.pack();
    into?.merge(closed);
    bucket.clear();
    return closed;
  }

  #slide(next: PackedBucket): void {
    this.#tens.push(next);
    const past = this.#tens.at(-1 - FIVE);
    if (past !== undefined) this.five.merge(past, -1);
    if (this.#tens.length <= TEN) return;
    const gone = this.#tens.shift();
    for (const [count, by] of (gone?.flow ?? []).entries()) this.flow10[count] = (this.flow10[count] as number) - by;
  }

  #noteMinute(): void {
    this.spark.push(this.minute.ended);
    if (this.spark.length > SPARK_MINUTES) this.spark.shift();
    if (this.type === null || this.queue !== null) return;
    const runs = this.minute.run.pack();
    this.#runs.push(runs);
    this.hourRuns.merge(runs);
    if (this.#runs.length > RUN_MINUTES) this.hourRuns.merge(this.#runs.shift(), -1);
  }

  failed10(): number {
    return this.flow10[AT.failed] as number;
  }

  ended10(): number {
    return (this.flow10[AT.succeeded] as number) + this.failed10() + (this.flow10[AT.cancelled] as number);
  }
}

/** Open buckets that make up one of a resolution. */
const DEPTH: Readonly<Record<number, number>> = { [TEN_MS]: 1, [MINUTE_MS]: 2, [HOUR_MS]: 3 };
