import { TssError } from "../../../proto/errors.ts";
import { LIMITS } from "../../../proto/limits.ts";
import { type AcquireOptions, acquireLock, type LockOptions, type Locks, renewLock } from "./acquire-lock.ts";

/** A lock that is held and renewed in the background. */
export interface HeldLock {
  readonly name: string;
  /** The fencing token: pass it to what the lock protects, and let that refuse lower ones. Rises with every grant. */
  readonly token: number;
  /** Fires when the lock is lost or may be, with a LockLostError: stop the work. */
  readonly signal: AbortSignal;
  /** Gives it back. One that cannot be given back ends by itself within its ttl. */
  release(): Promise<void>;
}

/** The lock was taken away, or could not be renewed in time: another may hold it. */
export class LockLostError extends Error {
  readonly lock: string;
  readonly token: number;

  constructor(lock: string, token: number, why: string) {
    super(`The lock "${lock}" (token ${token}) is lost: ${why}.`);
    this.name = "LockLostError";
    this.lock = lock;
    this.token = token;
  }
}

/** Part of the ttl after which a lock is renewed. */
const RENEW_AT = 1 / 3;
const AGAIN_MS = 500;
const RELEASE_MS = 5_000;

/**
 * Takes a lock and renews it until it is released or lost.
 * @throws TssError DEADLINE_EXCEEDED with reason LOCK_BUSY: it was not free in time.
 */
export async function holdLock(locks: Locks, name: string, options: AcquireOptions = {}): Promise<HeldLock> {
  const ttlMs = options.ttlMs ?? LIMITS.lockTtlDefaultMs;
  const { token, until } = await acquireLock(locks, name, options);
  const lost = new AbortController();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const lose = (why: string) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    clearTimeout(deadline);
    lost.abort(new LockLostError(name, token, why));
  };
  const heldUntil = (time: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(lose, time - performance.now(), "it could not be renewed in time").unref();
  };
  const renewAfter = (ms: number, end: number) => {
    timer = setTimeout(() => void renew(end), ms).unref();
  };
  const renew = async (end: number): Promise<void> => {
    try {
      const timeoutMs = Math.max(end - performance.now(), 1);
      const next = await renewLock(locks, name, token, { timeoutMs: Math.min(timeoutMs, ttlMs * RENEW_AT) });
      if (isOver) return;
      heldUntil(next);
      renewAfter(ttlMs * RENEW_AT, next);
    } catch (error) {
      if (isOver) return;
      if (error instanceof TssError && error.reason === "LOCK_NOT_HELD")
        lose("it expired, or an operator took it away");
      else renewAfter(Math.min(AGAIN_MS, ttlMs / 20), end);
    }
  };
  heldUntil(until);
  renewAfter(Math.max(until - performance.now() - ttlMs * (1 - RENEW_AT), 0), until);
  return {
    name,
    token,
    signal: lost.signal,
    async release() {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      clearTimeout(deadline);
      await release(locks, name, token);
    },
  };
}

/**
 * Holds a lock while `work` runs.
 * @throws LockLostError when the lock was lost before the work was done.
 */
export async function withLock<R>(
  locks: Locks,
  name: string,
  options: LockOptions,
  work: (lock: HeldLock) => Promise<R> | R,
): Promise<R> {
  const lock = await holdLock(locks, name, options);
  try {
    const result = await work(lock);
    lock.signal.throwIfAborted();
    return result;
  } finally {
    await lock.release();
  }
}

/** Tries for a while; what does not arrive is made up for by the end of the term. */
async function release(locks: Locks, name: string, token: number): Promise<void> {
  const end = performance.now() + RELEASE_MS;
  for (;;)
    try {
      await locks.releaseLock({ name, token: BigInt(token) }, { timeoutMs: RELEASE_MS });
      return;
    } catch (error) {
      const again = error instanceof TssError && error.code === "UNAVAILABLE" && performance.now() < end;
      if (!again) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
}
