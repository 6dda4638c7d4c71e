import { TaskReason } from "../proto/gen/tss/v1/task_pb.js";
import type { CancelOrder, Lease } from "../proto/gen/tss/v1/worker_service_pb.js";
import { creditDue, drain, emptySlots, free, offer, resume, take } from "../sdk/typescript/worker/slots.ts";
import type { Adopted } from "./adopt-attempt.ts";
import { hasRoom } from "./journal/room.ts";
import { type AttemptHost, runAttempt } from "./run-attempt.ts";
import type { StopCause } from "./stop.ts";

/** Where the agent's attempts run: it offers slots, takes leases and hears orders. */
export interface Floor {
  /** Asks for leases, so that every free slot is offered once. */
  offerSlots(): void;
  lease(lease: Lease): void;
  /** An attempt of an earlier agent goes on here. */
  adopt(attempt: Adopted): void;
  cancel(order: CancelOrder): void;
  /** Ends everything that runs; `graceOf` may shorten each attempt's own grace. */
  endAll(cause: StopCause, graceOf?: (graceMs: number) => number): void;
  /** Ends each attempt in so many milliseconds at the latest: it is asked when its own grace before that begins. */
  endWithin(cause: StopCause, leftMs: number): void;
  /** Every command can read when it will be ended. @param at milliseconds since 1970. */
  tellDeadline(at: number): void;
  /** No slot is offered until the next connection: an operator, or a coordinator that leaves, asked for it. */
  pause(): void;
  /** A new connection. */
  resume(): void;
  /** No slot is offered any more. */
  drain(): void;
  /** Takes part in `settled`. */
  keep(work: Promise<void>): void;
  /** Resolves when nothing runs. */
  ended(): Promise<void>;
  /** Resolves when nothing runs and every outcome is acknowledged or not wanted. */
  settled(): Promise<void>;
}

const CAUSES: Partial<Record<TaskReason, StopCause>> = {
  [TaskReason.TIMED_OUT]: "timed_out",
  [TaskReason.HEARTBEAT]: "heartbeat",
  [TaskReason.LOCK_LOST]: "lock_lost",
};

/** A disk that was full is looked at again after this long. */
const LOOK_FOR_ROOM_MS = 5_000;

export function createFloor(host: AttemptHost, total: number): Floor {
  const { held, logger } = host;
  const running = new Set<Promise<void>>();
  const working = new Set<Promise<void>>();
  let slots = emptySlots(total);
  let leaving = false;
  let full = false;
  let roomTimer: NodeJS.Timeout | undefined;

  const track = (set: Set<Promise<void>>, promise: Promise<void>): void => {
    set.add(promise);
    void promise.then(() => set.delete(promise));
  };
  const keep = (work: Promise<void>): void =>
    track(
      working,
      work.catch((error: unknown) => logger.error({ error }, "an attempt could not be seen to its end")),
    );
  const waitForRoom = (): void => {
    if (roomTimer !== undefined) return;
    if (!full)
      logger.error(
        { path: host.attemptsPath },
        "the disk of the agent's directory is full: no task is taken until there is room",
      );
    full = true;
    roomTimer = setTimeout(() => {
      roomTimer = undefined;
      offerSlots();
    }, LOOK_FOR_ROOM_MS).unref();
  };
  const offerSlots = (): void => {
    const count = creditDue(slots);
    if (count === 0) return;
    if (!hasRoom(host.attemptsPath)) {
      waitForRoom();
      return;
    }
    if (full) logger.warn({ path: host.attemptsPath }, "the disk of the agent's directory has room again");
    full = false;
    slots = offer(slots, count);
    host.session().credit(count);
  };

  const place = (attempt: Adopted): void => {
    slots = take(slots);
    const ended = Promise.withResolvers<void>();
    track(running, ended.promise);
    void ended.promise.then(() => {
      slots = free(slots);
      offerSlots();
    });
    keep(attempt(ended.resolve).finally(ended.resolve));
  };

  return {
    offerSlots,
    keep,
    adopt: place,
    lease(lease) {
      place((freed) => runAttempt(host, lease, freed));
      // It was on its way when the agent said that it leaves: it goes back before it starts.
      if (leaving) held.get(lease)?.stop?.order("drained", 0);
    },
    cancel(order) {
      const attempt = held.get(order);
      attempt?.stop?.order(CAUSES[order.reason] ?? "aborted", attempt.graceMs);
    },
    endAll(cause, graceOf = (graceMs) => graceMs) {
      for (const attempt of held.all()) attempt.stop?.order(cause, graceOf(attempt.graceMs));
    },
    endWithin(cause, leftMs) {
      for (const { stop, graceMs } of held.all())
        setTimeout(() => stop?.order(cause, Math.min(graceMs, leftMs)), Math.max(0, leftMs - graceMs)).unref();
    },
    tellDeadline(at) {
      for (const attempt of held.all()) attempt.tellDeadline?.(at);
    },
    pause() {
      slots = drain(slots);
    },
    resume() {
      if (!leaving) slots = resume(slots);
      offerSlots();
    },
    drain() {
      leaving = true;
      clearTimeout(roomTimer);
      slots = drain(slots);
      host.session().drain();
    },
    ended: async () => void (await Promise.all(running)),
    settled: async () => void (await Promise.all(working)),
  };
}
