import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../proto/errors.ts";
import {
  type AcquireLockRequest,
  type AcquireLockResponse,
  AcquireLockResponseSchema,
  type ForceReleaseLockRequest,
  ForceReleaseLockResponseSchema,
  type GetLockRequest,
  GetLockResponseSchema,
  type ReleaseLockRequest,
  ReleaseLockResponseSchema,
  type RenewLockRequest,
  RenewLockResponseSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { acquireLock } from "../engine/acquire-lock.ts";
import { committed } from "../engine/committed.ts";
import { doubt } from "../engine/foreign-token.ts";
import { changeLock, holderNow, lockShard, remember, servingShard } from "../engine/locks.ts";
import type { Shard } from "../engine/shard.ts";
import { type EngineState, isOfLaterOwner, movedError, requireServing } from "../engine/state.ts";
import { checkLockName } from "../kernel/check-spec.ts";
import { durationMs, toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import { describeHolder, describeLock } from "./describe-lock.ts";
import { listLocks } from "./list-locks.ts";
import type { Caller, LockOperations } from "./operations.ts";
import { checkRequestId } from "./submit-tasks.ts";

/** What the edge may ask of locks, carried out on one engine. */
export function lockOperations(state: EngineState): LockOperations {
  return {
    acquireLock: (caller, request, signal) => acquire(state, caller, request, signal),
    renewLock: (caller, request) => renew(state, caller, request),
    releaseLock: (caller, request) => release(state, caller, request),
    forceReleaseLock: (_caller, request) => forceRelease(state, request),
    getLock: async (_caller, request) => get(state, request),
    listLocks: async (_caller, request) => listLocks(state, request),
  };
}

async function acquire(
  state: EngineState,
  { keyId }: Caller,
  request: AcquireLockRequest,
  signal: AbortSignal,
): Promise<AcquireLockResponse> {
  const { name } = request;
  const waitMs = request.wait === undefined ? 0 : durationMs(request.wait);
  const permits = request.permits || 1;
  const found = new Violations();
  checkLockName(found, "name", name);
  const ttlMs = checkTtl(found, request.ttl) || LIMITS.lockTtlDefaultMs;
  found.span("wait", waitMs, 0, LIMITS.waitMs);
  found.number("permits", permits, 1, LIMITS.lockPermits);
  found.line("holder", request.holder, 0, LIMITS.lockHolderCharacters);
  checkRequestId(found, request.requestId);
  found.check();
  const requestId = request.requestId || randomUUID();
  const ask = { keyId, requestId, holder: request.holder, ttlMs, since: state.clock.now() };
  const held = await acquireLock(state, { name, permits, ask, waitMs }, signal);
  return create(AcquireLockResponseSchema, {
    acquired: held !== null,
    token: BigInt(held?.token ?? 0),
    ...(held === null ? {} : { expiresIn: toDuration(Math.max(held.until - state.lockClock.now(), 0)) }),
    lock: describeLock(state, name),
    requestId,
  });
}

async function renew(state: EngineState, caller: Caller, { name, token, ttl }: RenewLockRequest) {
  const found = new Violations();
  checkLockName(found, "name", name);
  const ttlMs = checkTtl(found, ttl);
  found.check();
  const shard = servingShard(state, name);
  if (isOfLaterOwner(state, shard.shard, Number(token))) await refuseUnknown(state, caller, shard, name, token);
  const answer = changeLock(state, shard, name, { kind: "renew", token: Number(token), ttlMs });
  await committed(state);
  const held = answer.answer === "held" ? holderNow(state, shard, name, answer.holder) : null;
  if (held === null) throw notHeldError(name, token);
  return create(RenewLockResponseSchema, {
    expiresIn: toDuration(Math.max(held.until - state.lockClock.now(), 0)),
  });
}

async function release(state: EngineState, caller: Caller, { name, token }: ReleaseLockRequest) {
  const found = new Violations();
  checkLockName(found, "name", name);
  found.check();
  const shard = servingShard(state, name);
  if (isOfLaterOwner(state, shard.shard, Number(token))) await refuseUnknown(state, caller, shard, name, token);
  const isPast = shard.releasedTokens.has(Number(token));
  const answer = changeLock(state, shard, name, { kind: "release", token: Number(token) });
  if (answer.answer === "done") remember(shard.releasedTokens, Number(token));
  await committed(state);
  if (answer.answer === "not held" && !isPast) throw notHeldError(name, token);
  return create(ReleaseLockResponseSchema, { changed: !isPast });
}

/**
 * A client that makes up the next number is refused like any other: of locks only an epoch that nobody had counts.
 * @throws TssError UNAVAILABLE: whose the token is must be seen first; or FAILED_PRECONDITION.
 */
async function refuseUnknown(
  state: EngineState,
  { keyId, role }: Caller,
  { shard, epoch }: Shard,
  name: string,
  token: bigint,
): Promise<never> {
  const said = `A client (API key ${keyId}) of the lock "${name}"`;
  if (role !== Role.SUBMITTER) throw doubt(state, said, { shard, token: Number(token) });
  // Whoever may only submit work must not stop everybody's by a number it made up.
  await state.store.checkOwner([{ shard, epoch }]).catch(() => {
    throw movedError();
  });
  state.logger.error({ token: Number(token) }, `${said} holds a token that this database has never given out`);
  throw new TssError(
    "FAILED_PRECONDITION",
    `The lock "${name}" was never given with token ${token}: the token is mistaken, or the database was set back from a backup and an operator must stop the coordinators and run tss db restored.`,
    { reason: "LOCK_NOT_HELD" },
  );
}

async function forceRelease(state: EngineState, { name, token }: ForceReleaseLockRequest) {
  const found = new Violations();
  checkLockName(found, "name", name);
  found.check();
  const shard = servingShard(state, name);
  const holders = shard.locks.get(name)?.lock.holders ?? [];
  const released = holders
    .filter((holder) => token === 0n || holder.token === Number(token))
    .map((holder) => describeHolder(state, holder));
  const answer = changeLock(state, shard, name, { kind: "force", token: Number(token) });
  await committed(state);
  if (answer.answer === "not held" && token !== 0n) throw notHeldError(name, token);
  return create(ForceReleaseLockResponseSchema, { released, lock: describeLock(state, name) });
}

function get(state: EngineState, { name }: GetLockRequest) {
  const found = new Violations();
  checkLockName(found, "name", name);
  found.check();
  requireServing(state, lockShard(state, name));
  return create(GetLockResponseSchema, { lock: describeLock(state, name) });
}

/** @returns 0 when none is given. */
function checkTtl(found: Violations, ttl: Duration | undefined): number {
  if (ttl === undefined) return 0;
  const ttlMs = durationMs(ttl);
  found.span("ttl", ttlMs, LIMITS.lockTtlMinMs, LIMITS.lockTtlMaxMs);
  return ttlMs;
}

function notHeldError(name: string, token: bigint): TssError {
  return new TssError(
    "FAILED_PRECONDITION",
    `The lock "${name}" is not held with token ${token}: it was released, it expired, or it was taken away.`,
    { reason: "LOCK_NOT_HELD" },
  );
}
