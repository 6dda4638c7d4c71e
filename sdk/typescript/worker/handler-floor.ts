import { create } from "@bufbuild/protobuf";
import { AttemptOutcome } from "../../../proto/gen/tss/v1/task_pb.js";
import { type Lease, type OutcomeReport, OutcomeReportSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { StopCause } from "./handler-errors.ts";
import type { TypedHandler } from "./handler-types.ts";
import { type HandlerHost, type RunningHandler, runHandler } from "./run-handler.ts";
import { creditDue, drain, emptySlots, free, offer, resume, take } from "./slots.ts";

type LeaseRef = Pick<Lease, "id" | "fencingToken">;

/** An attempt that runs here, or whose report is not acknowledged. */
interface Held extends LeaseRef {
  readonly running?: RunningHandler;
  report?: OutcomeReport;
}

/** A report that got lost on a living connection is repeated after this long. */
const REPEAT_MS = 15_000;

/** Where handlers run: it offers slots, takes leases, hears orders and repeats reports until they are acknowledged. */
export class HandlerFloor {
  readonly #host: HandlerHost;
  readonly #handlers: ReadonlyMap<string, TypedHandler>;
  readonly #held = new Map<string, Held>();
  readonly #repeat: NodeJS.Timeout;
  readonly #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];
  #slots: ReturnType<typeof emptySlots>;
  #leaving = false;

  constructor(host: HandlerHost, handlers: ReadonlyMap<string, TypedHandler>, slots: number) {
    this.#host = host;
    this.#handlers = handlers;
    this.#slots = emptySlots(slots);
    this.#repeat = setInterval(() => this.#sayAgain(), REPEAT_MS).unref();
  }

  /** Everything that runs or is not acknowledged. */
  held(): LeaseRef[] {
    return [...this.#held.values()];
  }

  offer(): void {
    const count = creditDue(this.#slots);
    if (count === 0) return;
    this.#slots = offer(this.#slots, count);
    this.#host.session.credit(count);
  }

  lease(lease: Lease): void {
    if (this.#held.has(key(lease))) return;
    this.#slots = take(this.#slots);
    const handler = this.#handlers.get(lease.spec?.type ?? "");
    if (handler === undefined || this.#leaving) {
      const { id, fencingToken } = lease;
      this.#free();
      const report = create(OutcomeReportSchema, { id, fencingToken, outcome: AttemptOutcome.RELEASED });
      this.#held.set(key(lease), { id, fencingToken, report });
      this.#host.session.outcome(report);
      return;
    }
    const running = runHandler(this.#host, lease, handler);
    const held: Held = { id: lease.id, fencingToken: lease.fencingToken, running };
    this.#held.set(key(lease), held);
    void running.report.then((report) => this.#report(held, report));
    void running.settled.then(() => this.#free());
  }

  stop(lease: LeaseRef, cause: StopCause): void {
    const held = this.#held.get(key(lease));
    if (cause === "lost") this.fence(lease);
    else held?.running?.stop(cause);
  }

  stopAll(cause: StopCause): void {
    for (const { running } of this.#held.values()) running?.stop(cause);
  }

  /** The lease is somebody else's: the handler is told, nothing is reported. */
  fence(lease: LeaseRef): void {
    const held = this.#held.get(key(lease));
    this.#forget(lease);
    held?.running?.stop("lost");
  }

  acknowledged(lease: LeaseRef): void {
    if (this.#held.get(key(lease))?.report !== undefined) this.#forget(lease);
  }

  connected(): void {
    this.#sayAgain();
    if (this.#leaving) return;
    this.#slots = resume(this.#slots);
    this.offer();
  }

  /** Takes nothing more until the next connection. */
  pause(): void {
    this.#slots = drain(this.#slots);
  }

  drain(): void {
    this.#leaving = true;
    this.#slots = drain(this.#slots);
    this.#host.session.drain();
  }

  /** Resolves when every attempt has its report. */
  reported(): Promise<void> {
    return this.#until(() => [...this.#held.values()].every(({ report }) => report !== undefined));
  }

  /** Resolves when every report is acknowledged. */
  delivered(): Promise<void> {
    return this.#until(() => this.#held.size === 0);
  }

  close(): void {
    clearInterval(this.#repeat);
  }

  #report(held: Held, report: OutcomeReport): void {
    if (this.#held.get(key(held)) !== held) return;
    held.report = report;
    this.#host.session.outcome(report);
    this.#look();
  }

  #sayAgain(): void {
    for (const { report } of this.#held.values()) if (report !== undefined) this.#host.session.outcome(report);
  }

  #free(): void {
    this.#slots = free(this.#slots);
    this.offer();
  }

  #forget(lease: LeaseRef): void {
    this.#held.delete(key(lease));
    this.#look();
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve });
      this.#look();
    });
  }

  #look(): void {
    for (const waiter of this.#waiting.splice(0)) {
      if (waiter.condition()) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }
}

function key({ id, fencingToken }: LeaseRef): string {
  return `${id}.${fencingToken}`;
}
