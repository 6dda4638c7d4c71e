import { hostname } from "node:os";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import type { AcquireLockResponse, Lock, LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { ServiceClient } from "../connection-types.ts";
import { createPatience } from "./patience.ts";

/** The calls that hold a lock: each of its own, or over one stream. */
export type Locks = Pick<ServiceClient<typeof LockService>, "acquireLock" | "renewLock" | "releaseLock">;

export interface LockOptions {
  /** How long the lock outlives a holder that is gone, ms: 1 000 – 86 400 000; 30 000. */
  readonly ttlMs?: number;
  /** Longest wait for it, ms; 0: none. Absent: as long as it takes. */
  readonly waitMs?: number;
  /** How many may hold it at a time, 1 – 10 000; 1. Everybody who uses the name says the same. */
  readonly permits?: number;
  /** Who this is, for people; host and pid. */
  readonly holder?: string;
  /** Gives the wait up. */
  readonly signal?: AbortSignal;
}

export interface AcquireOptions extends LockOptions {
  /** How long to try to reach a coordinator that has not answered yet, ms; 30 000. */
  readonly connectMs?: number;
  /** Called once when others have the lock and the wait begins. */
  readonly onWait?: (lock: Lock | undefined) => void;
}

export interface Grant {
  readonly token: number;
  /** `performance.now()` until which the lock is held for certain. */
  readonly until: number;
}

const CONNECT_MS = 30_000;
const GIVE_UP_MS = 300_000;
const SLACK_MS = 10_000;
/** A wait is taken over by a fresh call before it ends: the ask keeps its place in the line. */
const RELAY_MS = LIMITS.waitMs - 60_000;
const NEVER = new AbortController().signal;

/**
 * Takes a lock, in line with others. Lost calls are repeated and keep their place.
 * @throws TssError DEADLINE_EXCEEDED with reason LOCK_BUSY: it was not free in time.
 */
export async function acquireLock(locks: Locks, name: string, options: AcquireOptions = {}): Promise<Grant> {
  const { ttlMs = LIMITS.lockTtlDefaultMs, waitMs = Number.POSITIVE_INFINITY, signal = NEVER } = options;
  const began = performance.now();
  const { permits = 1, holder = `${hostname()} pid ${process.pid}`, connectMs = CONNECT_MS } = options;
  const request = { name, ttl: durationFromMs(ttlMs), permits, holder };
  let requestId = crypto.randomUUID();
  let patience = createPatience(connectMs, () => {});
  let isWaiting = false;
  for (;;) {
    const left = isWaiting ? Math.max(waitMs - (performance.now() - began), 0) : 0;
    const callMs = Math.floor(Math.min(left, LIMITS.waitMs));
    const sentAt = performance.now();
    try {
      const call = locks.acquireLock(
        { ...request, requestId, wait: durationFromMs(callMs) },
        { signal, timeoutMs: callMs + SLACK_MS },
      );
      const answer = await within(call, left > LIMITS.waitMs ? RELAY_MS : undefined);
      if (answer === undefined) continue;
      patience.answered();
      if (answer.acquired) return await granted(locks, name, answer, ttlMs, sentAt, signal);
      if (performance.now() - began >= waitMs) throw busyError(name, waitMs, answer.lock);
      if (isWaiting) continue;
      isWaiting = true;
      patience = createPatience(GIVE_UP_MS, () => {});
      options.onWait?.(answer.lock);
    } catch (error) {
      const { reason } = error as TssError;
      if (reason === "LOCK_BUSY") throw error;
      // It was ours while nobody could tell us, and has ended.
      if (reason === "LOCK_REQUEST_OVER" || reason === "LOCK_NOT_HELD") requestId = crypto.randomUUID();
      else await patience.failed(error, signal);
    }
  }
}

/** A grant that was waited for is renewed before it is used: only then is it known since when its term runs. */
async function granted(
  locks: Locks,
  name: string,
  answer: AcquireLockResponse,
  ttlMs: number,
  sentAt: number,
  signal: AbortSignal,
): Promise<Grant> {
  const token = Number(answer.token);
  if (answer.expiresIn !== undefined && performance.now() - sentAt < ttlMs / 10)
    return { token, until: sentAt + durationMs(answer.expiresIn) };
  return { token, until: await renewLock(locks, name, token, { signal }) };
}

/** @returns `performance.now()` until which the lock is held for certain. */
export async function renewLock(
  locks: Locks,
  name: string,
  token: number,
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<number> {
  const sentAt = performance.now();
  const { expiresIn } = await locks.renewLock({ name, token: BigInt(token) }, options);
  return sentAt + (expiresIn === undefined ? 0 : durationMs(expiresIn));
}

/** Undefined when the time came first; the call goes on and is heard no more. */
async function within<T>(call: Promise<T>, ms: number | undefined): Promise<T | undefined> {
  if (ms === undefined) return call;
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  call.catch(() => {});
  return Promise.race([call, time]).finally(() => clearTimeout(timer));
}

function busyError(name: string, waitMs: number, lock: Lock | undefined): TssError {
  const first = lock?.holders[0];
  const by = first === undefined ? "" : ` by ${first.holder || `key ${first.keyId}`}`;
  const how = waitMs === 0 ? "is held" : `was not free within ${waitMs / 1_000} s: it is held`;
  return new TssError("DEADLINE_EXCEEDED", `The lock "${name}" ${how}${by}.`, { reason: "LOCK_BUSY" });
}
