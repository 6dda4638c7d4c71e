import { type EngineState, isServing } from "../engine/state.ts";
import { ACTIVITY, type ActivityLog, type Recorded, type Told } from "./activity-log.ts";

/** Of several coordinators, the owner of this shard tells what all of them see. */
const NEWS_SHARD = 0;
/** What the one before had on its way to the list is there by then. */
const QUIET_MS = 2_000;
/** How long the one before may have been dead, or frozen, without anybody knowing. */
const UNTOLD_MS = 60_000;
const UNTOLD = 200;
/** How far back the list is read for what was told already. */
const LIST_MS = 2 * UNTOLD_MS;
const LIST = 1_000;

/**
 * Puts into the activity list what every coordinator sees, once. The owner of a shard tells it; the others keep what they
 * would have told for a while, and the one that takes the shard over tells what is not in the list.
 */
export class News {
  readonly #state: EngineState;
  readonly #activity: ActivityLog;
  #untold: { readonly told: Told; readonly at: number }[] = [];
  /** Monotonic ms since when the shard is ours; null: it is another's. */
  #oursSince: number | null = null;
  #tells = false;
  #reading = false;

  constructor(state: EngineState, activity: ActivityLog) {
    this.#state = state;
    this.#activity = activity;
  }

  /** Whether this coordinator speaks for all of them. */
  get isHost(): boolean {
    return !this.#state.shared || isServing(this.#state, NEWS_SHARD);
  }

  note(told: Told): void {
    if (this.isHost && (this.#tells || !this.#state.shared)) this.#activity.note(told);
    else this.#untold.push({ told, at: this.#state.clock.monotonic() });
  }

  /** Once a second. */
  turn(): void {
    const { shared, clock } = this.#state;
    if (!shared) return;
    const now = clock.monotonic();
    this.#untold = this.#untold.filter(({ at }) => now - at < UNTOLD_MS).slice(-UNTOLD);
    if (!this.isHost) {
      this.#oursSince = null;
      this.#tells = false;
      return;
    }
    this.#oursSince ??= now;
    if (this.#tells || this.#reading || now - this.#oursSince < QUIET_MS) return;
    this.#reading = true;
    // A list that cannot be read is read again a second later.
    void this.#begin()
      .catch(() => {})
      .finally(() => {
        this.#reading = false;
      });
  }

  async #begin(): Promise<void> {
    const kinds = [ACTIVITY.deploy, ACTIVITY.problem, ACTIVITY.worker];
    const rows = await this.#activity.read(kinds, this.#state.clock.now() - LIST_MS, LIST);
    if (!this.isHost) return;
    for (const { told } of this.#untold) if (!isTold(told, rows)) this.#activity.note(told);
    this.#untold = [];
    this.#tells = true;
  }
}

function isTold(told: Told, rows: readonly Recorded[]): boolean {
  const { code = "", version = "", workers = "" } = told.detail ?? {};
  // Workers that came together for one coordinator may have come one by one for another.
  const [worker = ""] = workers.split(", ");
  return rows.some(({ action, subject, detail }) => {
    if (action !== told.action || subject !== told.subject) return false;
    const of = JSON.parse(detail) as Record<string, string>;
    const isSame = (of["code"] ?? "") === code && (of["version"] ?? "") === version;
    return isSame && (of["workers"] ?? "").split(", ").includes(worker);
  });
}
