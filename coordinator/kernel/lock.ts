/**
 * A named lock, or a counting semaphore when it has several permits: who holds it and who stands in line. `decideLock` is
 * the only way it changes. Three things hold whatever comes: never more holders than permits; the line is served first come
 * first; and a token is given once, each greater than every one before.
 */
export interface Lock {
  readonly name: string;
  readonly permits: number;
  readonly holders: readonly LockHolder[];
  /** First come first. Nobody stands here while a permit is free. */
  readonly waiters: readonly LockAsk[];
}

/** Who asks. The same key and request id are the same ask, however often it comes. */
export interface LockAsk {
  readonly keyId: string;
  readonly requestId: string;
  /** Who it is, for people. */
  readonly holder: string;
  readonly ttlMs: number;
  /** Wall clock, for people: since when it holds, or waits. */
  readonly since: number;
}

export interface LockHolder extends LockAsk {
  readonly token: number;
  /** When it ends unless it is renewed, by the clock of locks: it stands still while no renewal could be heard. */
  readonly until: number;
}

export type LockCommand =
  | { readonly kind: "acquire"; readonly ask: LockAsk; readonly permits: number; readonly wait: boolean }
  /** @param ttlMs 0: as before. */
  | { readonly kind: "renew"; readonly token: number; readonly ttlMs: number }
  | { readonly kind: "release"; readonly token: number }
  /** @param token 0: every holder. */
  | { readonly kind: "force"; readonly token: number }
  /**
   * Whoever's time has come loses it. @param heard tokens that were granted or renewed and not told yet: their term begins
   * only then.
   */
  | { readonly kind: "expire"; readonly heard: Pick<ReadonlySet<number>, "has"> }
  /** Gives up its place in line. */
  | { readonly kind: "leave"; readonly ask: Pick<LockAsk, "keyId" | "requestId"> }
  /** A grant or renewal is committed, and its holder learns of it only now: the term begins anew. */
  | { readonly kind: "told"; readonly token: number }
  /** Nobody was there to be told of the grant: it ends sooner, unless its ask comes again. */
  | { readonly kind: "abandon"; readonly token: number; readonly graceMs: number }
  /** Another owner goes on with it: every holder has a whole term in which to be heard. */
  | { readonly kind: "resume" };

/** What is kept of a change; replayed in order, they make the lock again. */
export type LockEvent =
  | { readonly kind: "granted"; readonly holder: LockHolder; readonly permits: number }
  | { readonly kind: "renewed"; readonly token: number; readonly ttlMs: number }
  | { readonly kind: "ended"; readonly holder: LockHolder }
  | { readonly kind: "queued"; readonly ask: LockAsk; readonly permits: number }
  | { readonly kind: "left"; readonly ask: Pick<LockAsk, "keyId" | "requestId"> };

export type LockAnswer =
  /** @param again it held the lock before. */
  | { readonly answer: "held"; readonly holder: LockHolder; readonly again: boolean }
  | { readonly answer: "queued" | "busy" | "not held" | "done" }
  /** The lock is in use with another number of permits. */
  | { readonly answer: "permits" };

export interface LockDecision {
  readonly lock: Lock;
  readonly events: readonly LockEvent[];
  readonly answer: LockAnswer;
}

/** A lock that nobody uses. */
export function freeLock(name: string): Lock {
  return { name, permits: 1, holders: [], waiters: [] };
}

export function isFree(lock: Lock): boolean {
  return lock.holders.length === 0 && lock.waiters.length === 0;
}

export function sameAsk(a: Pick<LockAsk, "keyId" | "requestId">, b: Pick<LockAsk, "keyId" | "requestId">): boolean {
  return a.requestId === b.requestId && a.keyId === b.keyId;
}

/**
 * @param now by the clock of locks. @param wall ms since 1970.
 * @param nextToken greater than every token the lock ever had; called once per grant.
 */
export function decideLock(
  lock: Lock,
  command: LockCommand,
  now: number,
  wall: number,
  nextToken: () => number,
): LockDecision {
  switch (command.kind) {
    case "acquire":
      return acquire(lock, command, now, wall, nextToken);
    case "renew": {
      const found = lock.holders.find(({ token }) => token === command.token);
      if (found === undefined) return unchanged(lock, { answer: "not held" });
      const ttlMs = command.ttlMs || found.ttlMs;
      const holder = { ...found, ttlMs, until: now + ttlMs };
      const events: LockEvent[] = [{ kind: "renewed", token: found.token, ttlMs }];
      return { lock: withHolder(lock, holder), events, answer: { answer: "held", holder, again: true } };
    }
    case "release": {
      const ended = lock.holders.filter(({ token }) => token === command.token);
      if (ended.length === 0) return unchanged(lock, { answer: "not held" });
      return end(lock, ended, now, wall, nextToken);
    }
    case "force": {
      const ended = lock.holders.filter(({ token }) => command.token === 0 || token === command.token);
      if (ended.length === 0) return unchanged(lock, { answer: "not held" });
      return end(lock, ended, now, wall, nextToken);
    }
    case "expire":
      return end(
        lock,
        lock.holders.filter(({ until, token }) => until <= now && !command.heard.has(token)),
        now,
        wall,
        nextToken,
      );
    case "leave": {
      const waiters = lock.waiters.filter((waiter) => !sameAsk(waiter, command.ask));
      if (waiters.length === lock.waiters.length) return unchanged(lock, { answer: "done" });
      const { keyId, requestId } = command.ask;
      const events: LockEvent[] = [{ kind: "left", ask: { keyId, requestId } }];
      return { lock: { ...lock, waiters }, events, answer: { answer: "done" } };
    }
    case "told": {
      const found = lock.holders.find(({ token }) => token === command.token);
      if (found === undefined) return unchanged(lock, { answer: "not held" });
      const holder = { ...found, until: Math.max(found.until, now + found.ttlMs) };
      return { lock: withHolder(lock, holder), events: [], answer: { answer: "held", holder, again: true } };
    }
    case "abandon": {
      const found = lock.holders.find(({ token }) => token === command.token);
      if (found === undefined) return unchanged(lock, { answer: "not held" });
      const until = Math.min(found.until, now + command.graceMs);
      return { lock: withHolder(lock, { ...found, until }), events: [], answer: { answer: "done" } };
    }
    case "resume": {
      const holders = lock.holders.map((holder) => ({ ...holder, until: now + holder.ttlMs }));
      return { lock: { ...lock, holders }, events: [], answer: { answer: "done" } };
    }
    default:
      return command satisfies never;
  }
}

function acquire(
  lock: Lock,
  { ask, permits, wait }: Extract<LockCommand, { kind: "acquire" }>,
  now: number,
  wall: number,
  nextToken: () => number,
): LockDecision {
  const held = lock.holders.find((holder) => sameAsk(holder, ask));
  if (held !== undefined) {
    // The answer was lost, or nobody was there for it: the ask is a sign of life.
    const holder = { ...held, until: now + held.ttlMs };
    const events: LockEvent[] = [{ kind: "renewed", token: held.token, ttlMs: held.ttlMs }];
    return { lock: withHolder(lock, holder), events, answer: { answer: "held", holder, again: true } };
  }
  if (!isFree(lock) && lock.permits !== permits) return unchanged(lock, { answer: "permits" });
  if (lock.holders.length < permits) {
    const [granted, events] = grant({ ...lock, permits }, [ask], now, wall, nextToken);
    const holder = granted.holders.at(-1) as LockHolder;
    return { lock: granted, events, answer: { answer: "held", holder, again: false } };
  }
  const place = lock.waiters.findIndex((waiter) => sameAsk(waiter, ask));
  if (!wait) {
    if (place < 0) return unchanged(lock, { answer: "busy" });
    const left = decideLock(lock, { kind: "leave", ask }, now, wall, nextToken);
    return { ...left, answer: { answer: "busy" } };
  }
  if (place >= 0) return unchanged(lock, { answer: "queued" });
  const queued = { ...lock, waiters: [...lock.waiters, ask] };
  return { lock: queued, events: [{ kind: "queued", ask, permits }], answer: { answer: "queued" } };
}

/** These holders are holders no more, and the next in line are. */
function end(
  lock: Lock,
  ended: readonly LockHolder[],
  now: number,
  wall: number,
  nextToken: () => number,
): LockDecision {
  const holders = lock.holders.filter((holder) => !ended.includes(holder));
  const next = lock.waiters.slice(0, lock.permits - holders.length);
  const rest = { ...lock, holders, waiters: lock.waiters.slice(next.length) };
  const [granted, events] = grant(rest, next, now, wall, nextToken);
  return {
    lock: granted,
    events: [...ended.map((holder): LockEvent => ({ kind: "ended", holder })), ...events],
    answer: { answer: "done" },
  };
}

function grant(
  lock: Lock,
  asks: readonly LockAsk[],
  now: number,
  wall: number,
  nextToken: () => number,
): [Lock, LockEvent[]] {
  const added = asks.map((ask) => ({ ...ask, since: wall, token: nextToken(), until: now + ask.ttlMs }));
  const events = added.map((holder): LockEvent => ({ kind: "granted", holder, permits: lock.permits }));
  return [{ ...lock, holders: [...lock.holders, ...added] }, events];
}

function withHolder(lock: Lock, changed: LockHolder): Lock {
  return { ...lock, holders: lock.holders.map((holder) => (holder.token === changed.token ? changed : holder)) };
}

function unchanged(lock: Lock, answer: LockAnswer): LockDecision {
  return { lock, events: [], answer };
}
