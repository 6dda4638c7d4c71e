import { TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import type { CancelOrder } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { ReceivedLease } from "./received-lease.ts";

/**
 * How long a lease without a slot waits for one before it is given back, in ms: long enough that short handlers make room,
 * short beside what another worker would take to begin.
 */
const PATIENCE_MS = 200;

interface Surplus {
  readonly lease: ReceivedLease;
  /** Monotonic ms from which it is to be given back, or that is to be said again; infinite: the answer is awaited. */
  due: number;
  /** Whoever has heard that may have leased it to another by now: it is never run here. */
  given: boolean;
}

export interface IntakeHost {
  onLease(lease: ReceivedLease): void;
  /** @returns false: nobody is there to hear it; it is tried again. */
  giveBack(lease: ReceivedLease): boolean;
}

/**
 * Lets a worker have as many leases as it accepts. Coordinators do not know of one another's offers: what is taken back from
 * one and offered to another may cross a lease on its way. Such a lease waits for a slot for a moment; then it is given back,
 * so that no task stays behind a long one while another worker has room.
 */
export class LeaseIntake {
  readonly #host: IntakeHost;
  readonly #surplus = new Map<string, Surplus>();
  #accepts = 0;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  /** Leases that the worker would accept now. */
  get open(): number {
    return Math.max(this.#accepts, 0);
  }

  /** The worker accepts so many more. @returns how many of them no lease has waited for. */
  accept(count: number): number {
    this.#accepts += count;
    let left = count;
    for (const [key, { lease, given }] of this.#surplus) {
      if (this.#accepts <= 0) break;
      if (given) continue;
      this.#surplus.delete(key);
      left--;
      this.#deliver(lease);
    }
    return left;
  }

  lease(lease: ReceivedLease): void {
    // A worker that leaves gives back by itself what was on its way.
    if (this.#accepts > 0 || this.#stopped) return this.#deliver(lease);
    this.#surplus.set(keyOf(lease.id, lease.token), { lease, due: performance.now() + PATIENCE_MS, given: false });
    this.#wind();
  }

  /** @returns whether the worker is to hear of it. */
  cancel({ id, fencingToken, reason }: CancelOrder): boolean {
    const surplus = this.#take(id, Number(fencingToken));
    if (surplus === undefined) return true;
    // One that was given back ends by that report.
    if (surplus.given || reason === TaskReason.LOST) return false;
    this.#deliver(surplus.lease);
    return true;
  }

  /** The answer to a report. @returns whether the report was the worker's. */
  acknowledged({ id, token }: { readonly id: string; readonly token: number }): boolean {
    return this.#take(id, token) === undefined;
  }

  /** Held, though the worker does not know of it. */
  waiting(): ReceivedLease[] {
    return this.#surplus.size === 0 ? [] : [...this.#surplus.values()].map(({ lease }) => lease);
  }

  /** What was said of them may not have been heard, or not by who has them now: it is said again in its time. */
  repeat(): void {
    if (this.#surplus.size === 0) return;
    for (const surplus of this.#surplus.values()) surplus.due = performance.now() + PATIENCE_MS;
    this.#wind();
  }

  /** The worker takes nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#accepts = 0;
    for (const surplus of this.#surplus.values()) this.#give(surplus);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#surplus.clear();
  }

  #deliver(lease: ReceivedLease): void {
    this.#accepts--;
    this.#host.onLease(lease);
  }

  #take(id: string, token: number): Surplus | undefined {
    if (this.#surplus.size === 0) return undefined;
    const key = keyOf(id, token);
    const surplus = this.#surplus.get(key);
    this.#surplus.delete(key);
    return surplus;
  }

  #give(surplus: Surplus): void {
    if (!this.#host.giveBack(surplus.lease)) return;
    surplus.given = true;
    surplus.due = Number.POSITIVE_INFINITY;
  }

  #wind(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      for (const surplus of this.#surplus.values()) if (surplus.due <= now) this.#give(surplus);
      if ([...this.#surplus.values()].some(({ due }) => due < Number.POSITIVE_INFINITY)) this.#wind();
    }, PATIENCE_MS);
    this.#timer.unref();
  }
}

function keyOf(id: string, token: number): string {
  return `${id}.${token}`;
}
