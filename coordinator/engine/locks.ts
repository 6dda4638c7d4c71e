import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import {
  decideLock,
  freeLock,
  isFree,
  type Lock,
  type LockAnswer,
  type LockAsk,
  type LockCommand,
  type LockEvent,
  type LockHolder,
} from "../kernel/lock.ts";
import { lockRow } from "../kernel/lock-rows.ts";
import { COUNTERS_PER_EPOCH } from "../kernel/task-ref.ts";
import { mark } from "./conclude.ts";
import { checkAway } from "./outage.ts";
import { shardOfKey } from "./place.ts";
import type { Shard } from "./shard.ts";
import { type EngineState, requireServing, shardAt } from "./state.ts";
import type { Timer } from "./wheel.ts";

/**
 * Locks live in the memory of their shard's owner. A change is decided here, written with the next flush as part of the
 * shard's flush row, and told to nobody before that is committed (docs/decisions/0032).
 */
export interface LiveLock {
  lock: Lock;
  /** Fires when the first holder's time has come; null: nobody holds it. */
  timer: Timer | null;
  /** Tokens whose grant or renewal is not committed yet, and how many of them: they do not end before. */
  readonly heard: Map<number, number>;
  /** Calls that wait for asks in the line, by `askKey`. */
  readonly calls: Map<string, WaitingCall>;
}

export interface WaitingCall {
  /** The lock is the call's, durably. */
  granted(holder: LockHolder): void;
  failed(error: Error): void;
}

/** How long a grant waits whose ask was not there any more. Who lost its connection comes back sooner. */
const UNCLAIMED_MS = 2_000;

/** Asks and releases remembered, so that a late repeat neither takes a lock for nobody nor is told that it failed. */
const PAST = 10_000;

export function lockShard(state: EngineState, name: string): number {
  return shardOfKey(`lock:${name}`, state.shards.count);
}

/** @throws TssError UNAVAILABLE: the lock is another coordinator's by now, or the database is away. */
export function servingShard(state: EngineState, name: string): Shard {
  if (state.stopped !== null) throw state.stopped;
  const shard = lockShard(state, name);
  requireServing(state, shard);
  checkAway(state);
  if (state.storeProblem === null) return shardAt(state, shard);
  throw new TssError("UNAVAILABLE", "The database is away, and no lock changes hands meanwhile: try again shortly.", {
    reason: "STORE_UNAVAILABLE",
    retryAfterMs: 1_000,
  });
}

/** The lock as it is; one that nobody uses is made, and forgotten again by the next change that leaves it free. */
export function liveLock(shard: Shard, name: string): LiveLock {
  let live = shard.locks.get(name);
  if (live === undefined) {
    live = { lock: freeLock(name), timer: null, heard: new Map(), calls: new Map() };
    shard.locks.set(name, live);
  }
  return live;
}

/** Decides, notes what is to be written, and lets follow what does when it is committed. */
export function changeLock(state: EngineState, shard: Shard, name: string, command: LockCommand): LockAnswer {
  const live = liveLock(shard, name);
  const before = live.lock;
  const now = state.lockClock.now();
  const decision = decideLock(before, command, now, state.clock.now(), () => tokenOf(state, shard));
  live.lock = decision.lock;
  state.lockEntries += entries(decision.lock) - entries(before);
  if (isFree(decision.lock)) shard.locks.delete(name);
  if (decision.events.length > 0) {
    for (const event of decision.events) {
      state.pending.locks.push({ shard: shard.shard, row: lockRow(name, event) });
      follow(state, shard, live, event);
    }
    mark(state);
  }
  wind(state, shard, live);
  return decision.answer;
}

function tokenOf(state: EngineState, shard: Shard): number {
  const token = shard.nextOrd();
  return state.planted("bug.lock-counter") ? token % COUNTERS_PER_EPOCH : token;
}

/** Locks as the store has them; they end for nobody before `resumeLocks`. */
export function takeUpLocks(state: EngineState, shard: Shard, locks: ReadonlyMap<string, Lock>): void {
  for (const [name, lock] of locks) {
    liveLock(shard, name).lock = lock;
    state.lockEntries += entries(lock);
  }
}

/** Forgets the locks of a shard that leaves; the calls that wait for them are sent after it. */
export function dropLocks(state: EngineState, shard: Shard, error: Error): void {
  for (const live of shard.locks.values()) {
    if (live.timer !== null) state.wheel.cancel(live.timer);
    state.lockEntries -= entries(live.lock);
  }
  failLockCalls(shard, error);
  shard.locks.clear();
}

/** Whoever waits for a lock of this shard is answered by another owner. */
export function failLockCalls(shard: Shard, error: Error): void {
  for (const { calls } of shard.locks.values()) for (const call of calls.values()) call.failed(error);
}

/** The shard is served from now on: its holders have a whole term to be heard, and its line a moment to come back. */
export function resumeLocks(state: EngineState, shard: Shard): void {
  for (const [name, live] of shard.locks) {
    for (const ask of live.lock.waiters)
      state.wheel.add(state.clock.monotonic() + UNCLAIMED_MS, () => {
        if (shard.locks.get(name) === live && !live.calls.has(askKey(ask))) leaveLine(state, shard, name, ask);
      });
    changeLock(state, shard, name, { kind: "resume" });
  }
}

/** Gives up a place in line; while the shard is on its way to another coordinator that one does. */
export function leaveLine(state: EngineState, shard: Shard, name: string, ask: LockAsk): void {
  if (canDecide(state, shard)) changeLock(state, shard, name, { kind: "leave", ask });
}

/** Nobody was there to be told: who asked may come again, but not for long. */
function abandonGrant(state: EngineState, shard: Shard, name: string, { token }: LockHolder): void {
  if (canDecide(state, shard)) changeLock(state, shard, name, { kind: "abandon", token, graceMs: UNCLAIMED_MS });
}

/** The grant or renewal is committed: however long that took, its holder has the whole term. Null: it is over already. */
function beginTerm(state: EngineState, shard: Shard, name: string, token: number): LockHolder | null {
  // The next owner gives it a term of its own.
  if (!canDecide(state, shard)) return null;
  const answer = changeLock(state, shard, name, { kind: "told", token });
  return answer.answer === "held" ? answer.holder : null;
}

/** The holder as it is now; as it was if the lock is another owner's by now. Null: it is over. */
export function holderNow(state: EngineState, shard: Shard, name: string, holder: LockHolder): LockHolder | null {
  if (!canDecide(state, shard)) return holder;
  return shard.locks.get(name)?.lock.holders.find(({ token }) => token === holder.token) ?? null;
}

export function askKey({ keyId, requestId }: Pick<LockAsk, "keyId" | "requestId">): string {
  return `${keyId} ${requestId}`;
}

/** @throws TssError RESOURCE_EXHAUSTED when memory or the line is full. */
export function requireRoom(state: EngineState, shard: Shard, name: string): void {
  const waiting = shard.locks.get(name)?.lock.waiters.length ?? 0;
  if (waiting < LIMITS.lockWaiters && state.lockEntries < LIMITS.lockEntries) return;
  throw new TssError(
    "RESOURCE_EXHAUSTED",
    waiting < LIMITS.lockWaiters
      ? `This coordinator has ${LIMITS.lockEntries} holders and waiters of locks, and takes no more.`
      : `${LIMITS.lockWaiters} wait for the lock "${name}", and no more can.`,
    { reason: "LOCKS_FULL", retryAfterMs: 1_000 },
  );
}

function canDecide(state: EngineState, shard: Shard): boolean {
  return state.stopped === null && shard.phase === "serving" && state.shards.find(shard.shard) === shard;
}

function entries({ holders, waiters }: Lock): number {
  return holders.length + waiters.length;
}

function follow(state: EngineState, shard: Shard, live: LiveLock, event: LockEvent): void {
  if (event.kind === "ended") {
    const { name } = live.lock;
    remember(shard.pastAsks, `${name} ${askKey(event.holder)}`);
    state.pending.after.push(() => state.taskLocks.gone({ name, token: event.holder.token }));
    return;
  }
  if (event.kind !== "granted" && event.kind !== "renewed") return;
  const { name } = live.lock;
  const token = event.kind === "granted" ? event.holder.token : event.token;
  live.heard.set(token, (live.heard.get(token) ?? 0) + 1);
  state.pending.after.push(() => {
    const left = (live.heard.get(token) ?? 1) - 1;
    if (left === 0) live.heard.delete(token);
    else live.heard.set(token, left);
    const told = beginTerm(state, shard, name, token);
    if (event.kind === "renewed") return;
    const key = askKey(event.holder);
    const call = live.calls.get(key);
    live.calls.delete(key);
    if (call === undefined) abandonGrant(state, shard, name, event.holder);
    else call.granted(told ?? event.holder);
  });
}

/** Keeps the newest few thousand. */
export function remember<T>(past: Set<T>, item: T): void {
  past.add(item);
  if (past.size <= PAST) return;
  for (const oldest of past) {
    past.delete(oldest);
    if (past.size <= PAST / 2) break;
  }
}

/** Winds the timer for the holder whose time comes first; one that is wound for an earlier time looks again then. */
function wind(state: EngineState, shard: Shard, live: LiveLock): void {
  let first = Number.POSITIVE_INFINITY;
  // One that is heard and not told is looked at when it is told.
  for (const { until, token } of live.lock.holders) if (!live.heard.has(token)) first = Math.min(first, until);
  if (first === Number.POSITIVE_INFINITY) {
    if (live.timer !== null) state.wheel.cancel(live.timer);
    live.timer = null;
    return;
  }
  const at = state.clock.monotonic() + state.lockClock.waitUntil(first);
  if (live.timer !== null && live.timer.at <= at) return;
  if (live.timer !== null) state.wheel.cancel(live.timer);
  live.timer = state.wheel.add(at, () => {
    live.timer = null;
    if (shard.locks.get(live.lock.name) !== live || !canDecide(state, shard)) return;
    changeLock(state, shard, live.lock.name, { kind: "expire", heard: live.heard });
  });
}
