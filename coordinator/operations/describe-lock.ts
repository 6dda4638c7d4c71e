import { create } from "@bufbuild/protobuf";
import {
  type LockHolder as LockHolderMessage,
  LockHolderSchema,
  type Lock as LockMessage,
  LockSchema,
  LockWaiterSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { lockShard } from "../engine/locks.ts";
import type { EngineState } from "../engine/state.ts";
import { freeLock, type Lock, type LockHolder } from "../kernel/lock.ts";
import { toDuration, toTimestamp } from "../kernel/time.ts";

/** Holders and waiters that an answer names. */
const SHOWN = 100;

/** The lock as it is in memory; one that nobody uses is free. */
export function describeLock(state: EngineState, name: string): LockMessage {
  const lock = state.shards.find(lockShard(state, name))?.locks.get(name)?.lock ?? freeLock(name);
  return create(LockSchema, {
    ...summarizeLock(state, lock),
    waiters: lock.waiters
      .slice(0, SHOWN)
      .map(({ holder, keyId, since }) => create(LockWaiterSchema, { holder, keyId, since: toTimestamp(since) })),
  });
}

/** The lock without its line. */
export function summarizeLock(state: EngineState, { name, permits, holders, waiters }: Lock): LockMessage {
  return create(LockSchema, {
    name,
    permits,
    holders: holders.slice(0, SHOWN).map((holder) => describeHolder(state, holder)),
    waiting: waiters.length,
    held: holders.length,
  });
}

export function describeHolder(state: EngineState, holder: LockHolder): LockHolderMessage {
  return create(LockHolderSchema, {
    token: BigInt(holder.token),
    holder: holder.holder,
    keyId: holder.keyId,
    acquiredAt: toTimestamp(holder.since),
    ttl: toDuration(holder.ttlMs),
    expiresAt: toTimestamp(state.clock.now() + Math.max(holder.until - state.lockClock.now(), 0)),
  });
}
