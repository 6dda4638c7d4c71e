import { create } from "@bufbuild/protobuf";
import {
  AcquireLockRequestSchema,
  type AcquireLockResponse,
  ForceReleaseLockRequestSchema,
  GetLockRequestSchema,
  ListLocksRequestSchema,
  ReleaseLockRequestSchema,
  RenewLockRequestSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { CALLER, type EngineHouse } from "./engine-house.ts";

export interface Ask {
  readonly ttl?: number;
  /** Seconds. */
  readonly wait?: number;
  readonly permits?: number;
  readonly requestId?: string;
  readonly holder?: string;
  readonly signal?: AbortSignal;
}

const seconds = (value: number) => ({ seconds: BigInt(Math.trunc(value)), nanos: 0 });

/** The calls of locks on one engine, in plain values. */
export function lockUser({ operations: { locks } }: Pick<EngineHouse, "operations">) {
  return {
    acquire(name: string, { ttl, wait, permits = 0, requestId = "", holder = "", signal }: Ask = {}) {
      const request = create(AcquireLockRequestSchema, {
        name,
        permits,
        requestId,
        holder,
        ...(ttl === undefined ? {} : { ttl: seconds(ttl) }),
        ...(wait === undefined ? {} : { wait: seconds(wait) }),
      });
      return locks.acquireLock(CALLER, request, signal ?? new AbortController().signal);
    },
    renew: (name: string, token: bigint, ttl?: number) =>
      locks.renewLock(
        CALLER,
        create(RenewLockRequestSchema, { name, token, ...(ttl === undefined ? {} : { ttl: seconds(ttl) }) }),
      ),
    release: (name: string, token: bigint) =>
      locks.releaseLock(CALLER, create(ReleaseLockRequestSchema, { name, token })),
    force: (name: string, token = 0n) =>
      locks.forceReleaseLock(CALLER, create(ForceReleaseLockRequestSchema, { name, token })),
    get: async (name: string) => (await locks.getLock(CALLER, create(GetLockRequestSchema, { name }))).lock!,
    list: (request: { prefix?: string; limit?: number; cursor?: string } = {}) =>
      locks.listLocks(CALLER, create(ListLocksRequestSchema, request)),
  };
}

export type LockUser = ReturnType<typeof lockUser>;

/** Tokens of the holders, and who waits. */
export async function shapeOf(user: LockUser, name: string): Promise<[bigint[], string[]]> {
  const { holders, waiters } = await user.get(name);
  return [holders.map(({ token }) => token), waiters.map(({ holder }) => holder)];
}

export function tokenOf({ acquired, token }: AcquireLockResponse): bigint {
  if (!acquired) throw new Error("the lock was not acquired");
  return token;
}
