import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { ActivityRow, StatsStore } from "../ports/stats-store.ts";

/** ActivityKind of the contract. */
export const ACTIVITY = { action: 1, deploy: 2, problem: 3, worker: 4, system: 5 } as const;

export type Recorded = ActivityRow & { readonly id: number };

export interface Told {
  readonly kind: number;
  readonly action: string;
  readonly subject: string;
  readonly summary: string;
  readonly keyId?: string;
  readonly keyName?: string;
  readonly detail?: Readonly<Record<string, string>>;
}

/** Entries that may wait for a store that is away; what comes beyond is lost, and the log says so. */
const WAITING = 1_000;
const WRITE_MS = 500;
const RETRY_MS = 2_000;
const DAY_MS = 86_400_000;
const MARKS = 50;

/** The list of who did what. Actions with a key are on the disk before their answer; what TSS itself tells follows shortly. */
export class ActivityLog {
  readonly #stats: StatsStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Marks of the last day, oldest first. */
  #marks: Recorded[] = [];
  #fresh: Recorded[] = [];
  /** Marks that the other coordinators were not told of; null: none listens. */
  #untold: Recorded[] | null = null;
  #waiting: ActivityRow[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;

  constructor(stats: StatsStore, clock: Clock, logger: Logger) {
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Reads back the marks of the last day. */
  async load(): Promise<void> {
    const rows = await this.read([ACTIVITY.action, ACTIVITY.deploy], this.#clock.now() - DAY_MS, 500);
    this.#marks = rows.filter(isMark).slice(0, MARKS).reverse();
  }

  /** Durable when it resolves. */
  async record(told: Told): Promise<void> {
    await this.#write([this.#rowOf(told)]);
  }

  /** Written shortly, together with others. */
  note(told: Told): void {
    if (this.#waiting.length >= WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(this.#rowOf(told));
    this.#wind(WRITE_MS);
  }

  /** Deploys and changes of queues of the last day, oldest first. */
  marks(): readonly Recorded[] {
    const since = this.#clock.now() - DAY_MS;
    while ((this.#marks[0]?.at ?? since) < since) this.#marks.shift();
    return this.#marks;
  }

  /** Marks that came since the last call. */
  takeFresh(): readonly Recorded[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** From now on the other coordinators are told of marks; or no more. */
  listen(listens = true): void {
    this.#untold = listens ? (this.#untold ?? []) : null;
  }

  /** Marks that were written here since the last call. */
  takeUntold(): readonly Recorded[] {
    return this.#untold?.splice(0) ?? [];
  }

  /** Marks that another coordinator has written. */
  hear(marks: readonly Recorded[]): void {
    this.#keep(marks.filter(({ id }) => this.#marks.every((known) => known.id !== id)));
  }

  /** Entries of kinds, the newest first, as the store has them. */
  read(kinds: readonly number[], from: number | null, limit: number): Promise<readonly Recorded[]> {
    return this.#stats.activity({ before: 0, limit, kinds, keyId: "", subject: "", from, to: null });
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#flush(false);
    await this.#writing;
  }

  #rowOf({ kind, action, subject, summary, keyId = "", keyName = "", detail = {} }: Told): ActivityRow {
    const at = this.#clock.now();
    return { at, kind, action, subject, summary, keyId, keyName, detail: JSON.stringify(detail) };
  }

  #wind(ms: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#flush(true);
    }, ms);
    this.#timer.unref();
  }

  async #flush(again: boolean): Promise<void> {
    const rows = this.#waiting.splice(0);
    if (rows.length === 0) return;
    try {
      await this.#write(rows);
      if (this.#dropped > 0) this.#logger.warn({ entries: this.#dropped }, "activity was lost: the store was away");
      this.#dropped = 0;
    } catch (error) {
      this.#logger.warn({ error: (error as Error).message }, "activity was not written; trying again");
      this.#waiting.unshift(...rows);
      if (again) this.#wind(RETRY_MS);
    }
  }

  async #write(rows: readonly ActivityRow[]): Promise<void> {
    const ids = await this.#stats.addActivity(rows);
    const recorded = rows.map((row, place) => ({ ...row, id: ids[place] ?? 0 })).filter(isMark);
    this.#untold?.push(...recorded);
    this.#keep(recorded);
  }

  #keep(marks: readonly Recorded[]): void {
    this.#marks.push(...marks);
    this.#fresh.push(...marks);
    this.#marks.splice(0, this.#marks.length - MARKS);
    this.#fresh.splice(0, this.#fresh.length - MARKS);
  }
}

/** What is drawn on charts. */
export function isMark({ kind, subject }: Pick<ActivityRow, "kind" | "subject">): boolean {
  return kind === ACTIVITY.deploy || (kind === ACTIVITY.action && subject.startsWith("queue/"));
}
