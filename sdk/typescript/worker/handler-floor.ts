import { AttemptOutcome } from "../../../proto/gen/tss/v1/task_pb.js";
import type { PayloadCodec } from "../codecs/payload-codec.ts";
import { HandlerAttempt, type HandlerHost } from "./handler-attempt.ts";
import type { StopCause } from "./handler-errors.ts";
import type { HandlerReport } from "./handler-report.ts";
import type { TypedHandler } from "./handler-types.ts";
import { type Held, HeldLeases } from "./held-leases.ts";
import type { ReceivedLease } from "./received-lease.ts";
import { creditDue, drain, emptySlots, free, offer, resume, take } from "./slots.ts";
import type { WorkSession } from "./work-session-types.ts";

interface LeaseRef {
  readonly id: string;
  readonly fencingToken: bigint;
}

/** A report that got lost on a living connection is repeated after this long. */
const REPEAT_MS = 15_000;

/** Where handlers run: it offers slots, takes leases, hears orders and repeats reports until they are acknowledged. */
export class HandlerFloor {
  readonly #session: WorkSession;
  readonly #host: HandlerHost;
  readonly #handlers: ReadonlyMap<string, TypedHandler>;
  readonly #held = new HeldLeases();
  readonly #repeat: NodeJS.Timeout;
  /** Attempts begun in this turn: those that still run at its end are announced. */
  #fresh: HandlerAttempt[] = [];
  #waiting: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];
  #slots: ReturnType<typeof emptySlots>;
  #leaving = false;

  constructor(session: WorkSession, codec: PayloadCodec, handlers: ReadonlyMap<string, TypedHandler>, slots: number) {
    this.#session = session;
    this.#host = {
      session,
      codec,
      reported: (attempt, report) => this.#report(attempt, report),
      settled: () => this.#free(),
    };
    this.#handlers = handlers;
    this.#slots = emptySlots(slots);
    this.#repeat = setInterval(() => this.#sayAgain(), REPEAT_MS).unref();
  }

  /** Everything that runs or is not acknowledged. */
  held(): LeaseRef[] {
    return [...this.#held].map(({ id, token }) => ({ id, fencingToken: BigInt(token) }));
  }

  offer(): void {
    const count = creditDue(this.#slots);
    if (count === 0) return;
    this.#slots = offer(this.#slots, count);
    this.#session.credit(count);
  }

  lease(lease: ReceivedLease): void {
    const { id, token } = lease;
    if (this.#held.get(id, token) !== undefined) return;
    this.#slots = take(this.#slots);
    const handler = this.#handlers.get(lease.task.type);
    if (handler === undefined || this.#leaving) {
      this.#free();
      const report = { id, token, outcome: AttemptOutcome.RELEASED };
      this.#held.add({ id, token, report });
      this.#session.outcome(report);
      return;
    }
    const attempt = new HandlerAttempt(this.#host, lease);
    this.#held.add({ id, token, attempt });
    attempt.run(handler);
    if (!attempt.running) return;
    if (this.#fresh.length === 0) setImmediate(() => this.#announce());
    this.#fresh.push(attempt);
  }

  stop(lease: LeaseRef, cause: StopCause): void {
    if (cause === "lost") this.fence(lease);
    else this.#find(lease)?.attempt?.stop(cause);
  }

  stopAll(cause: StopCause): void {
    for (const { attempt } of this.#held) attempt?.stop(cause);
  }

  /** The lease is somebody else's: the handler is told, nothing is reported. */
  fence(lease: LeaseRef): void {
    const held = this.#find(lease);
    if (held === undefined) return;
    this.#forget(held);
    held.attempt?.abandon();
  }

  acknowledged(id: string, token: number): void {
    const held = this.#held.get(id, token);
    if (held?.report !== undefined) this.#forget(held);
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
    this.#session.drain();
  }

  /** Resolves when every attempt has its report. */
  reported(): Promise<void> {
    return this.#until(() => [...this.#held].every(({ report }) => report !== undefined));
  }

  /** Resolves when every report is acknowledged. */
  delivered(): Promise<void> {
    return this.#until(() => this.#held.size === 0);
  }

  close(): void {
    clearInterval(this.#repeat);
  }

  #find({ id, fencingToken }: LeaseRef): Held | undefined {
    return this.#held.get(id, Number(fencingToken));
  }

  #announce(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const attempt of fresh) if (attempt.running) attempt.announce();
  }

  #report({ lease }: HandlerAttempt, report: HandlerReport): void {
    const held = this.#held.get(lease.id, lease.token);
    if (held === undefined) return;
    held.report = report;
    // What is kept until the acknowledgement is the report alone.
    held.attempt = undefined;
    this.#session.outcome(report);
    this.#look();
  }

  #sayAgain(): void {
    for (const { report } of this.#held) if (report !== undefined) this.#session.outcome(report);
  }

  #free(): void {
    this.#slots = free(this.#slots);
    this.offer();
  }

  #forget(held: Held): void {
    this.#held.delete(held);
    this.#look();
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ condition, resolve });
      this.#look();
    });
  }

  #look(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) {
      if (waiter.condition()) waiter.resolve();
      else this.#waiting.push(waiter);
    }
  }
}
