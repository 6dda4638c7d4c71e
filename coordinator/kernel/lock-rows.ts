import { freeLock, isFree, type Lock, type LockEvent, sameAsk } from "./lock.ts";

/**
 * Changes of locks as flush rows and checkpoints carry them: small JSON arrays whose first two items are kind and name.
 * They are stored: a shape is never changed, only added to. Replaying one twice does nothing the second time, so that a
 * checkpoint may already hold what the flush rows after it tell again.
 */
export type LockRow =
  /** Granted: name, permits, token, ttl in ms, since, key, request id, holder. */
  | readonly ["g", string, number, number, number, number, string, string, string]
  /** Renewed: name, token, ttl in ms. */
  | readonly ["n", string, number, number]
  /** Ended: name, token. */
  | readonly ["x", string, number]
  /** Queued: name, permits, ttl in ms, since, key, request id, holder. */
  | readonly ["q", string, number, number, number, string, string, string]
  /** Left the line: name, key, request id. */
  | readonly ["l", string, string, string];

export function lockRow(name: string, event: LockEvent): LockRow {
  switch (event.kind) {
    case "granted": {
      const { token, ttlMs, since, keyId, requestId, holder } = event.holder;
      return ["g", name, event.permits, token, ttlMs, since, keyId, requestId, holder];
    }
    case "renewed":
      return ["n", name, event.token, event.ttlMs];
    case "ended":
      return ["x", name, event.holder.token];
    case "queued": {
      const { ttlMs, since, keyId, requestId, holder } = event.ask;
      return ["q", name, event.permits, ttlMs, since, keyId, requestId, holder];
    }
    case "left":
      return ["l", name, event.ask.keyId, event.ask.requestId];
    default:
      return event satisfies never;
  }
}

/** The rows that make a lock as it is. */
export function rowsOfLock({ name, permits, holders, waiters }: Lock): LockRow[] {
  return [
    ...holders.map((holder) => lockRow(name, { kind: "granted", holder, permits })),
    ...waiters.map((ask) => lockRow(name, { kind: "queued", ask, permits })),
  ];
}

/** Applies rows in their order. Holders come back without an end: "resume" gives them one. */
export function replayLocks(locks: Map<string, Lock>, rows: readonly LockRow[]): void {
  for (const row of rows) {
    const name = row[1];
    const lock = replay(locks.get(name) ?? freeLock(name), row);
    if (isFree(lock)) locks.delete(name);
    else locks.set(name, lock);
  }
}

function replay(lock: Lock, row: LockRow): Lock {
  switch (row[0]) {
    case "g": {
      const [, , permits, token, ttlMs, since, keyId, requestId, who] = row;
      const holder = { token, ttlMs, since, keyId, requestId, holder: who, until: Number.POSITIVE_INFINITY };
      const waiters = lock.waiters.filter((waiter) => !sameAsk(waiter, holder));
      const holders = lock.holders.filter((other) => other.token !== token);
      return { ...lock, permits, holders: [...holders, holder], waiters };
    }
    case "n": {
      const [, , token, ttlMs] = row;
      return { ...lock, holders: lock.holders.map((one) => (one.token === token ? { ...one, ttlMs } : one)) };
    }
    case "x":
      return { ...lock, holders: lock.holders.filter(({ token }) => token !== row[2]) };
    case "q": {
      const [, , permits, ttlMs, since, keyId, requestId, holder] = row;
      const ask = { ttlMs, since, keyId, requestId, holder };
      const isKnown = lock.waiters.some((waiter) => sameAsk(waiter, ask));
      return { ...lock, permits, waiters: isKnown ? lock.waiters : [...lock.waiters, ask] };
    }
    case "l": {
      const [, , keyId, requestId] = row;
      return { ...lock, waiters: lock.waiters.filter((waiter) => !sameAsk(waiter, { keyId, requestId })) };
    }
    default:
      return row satisfies never;
  }
}
