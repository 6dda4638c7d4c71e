import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  AcquireLockRequestSchema,
  GetLockRequestSchema,
  ReleaseLockRequestSchema,
  RenewLockRequestSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { LockCalls } from "../engine/task-locks.ts";
import { timestampMs, toDuration } from "../kernel/time.ts";
import type { Caller, LockOperations } from "./operations.ts";

/** Who holds a lock for a task; the name of the holder says which. */
const CALLER: Caller = { keyId: "task", role: Role.OPERATOR };

/** Locks for tasks, taken as anybody takes them. */
export function taskLockCalls(locks: LockOperations): LockCalls {
  return {
    async acquire({ name, permits }, holder, ttlMs, signal) {
      const request = create(AcquireLockRequestSchema, {
        ...{ name, permits, holder, requestId: randomUUID() },
        ttl: toDuration(ttlMs),
        wait: toDuration(LIMITS.waitMs),
      });
      for (;;) {
        const { acquired, token } = await locks.acquireLock(CALLER, request, signal);
        if (acquired) return { name, token: Number(token) };
        if (signal.aborted) throw new TssError("CANCELLED", `The lock "${name}" is not wanted any more.`);
      }
    },
    renew: ({ name, token }) =>
      locks.renewLock(CALLER, create(RenewLockRequestSchema, { name, token: BigInt(token) })).then(
        () => true,
        (error: unknown) => {
          if (isNotHeld(error)) return false;
          throw error;
        },
      ),
    async look(name) {
      const { lock } = await locks.getLock(CALLER, create(GetLockRequestSchema, { name }));
      const holders = (lock?.holders ?? []).map(({ holder, acquiredAt }) => ({
        holder,
        since: acquiredAt === undefined ? 0 : timestampMs(acquiredAt),
      }));
      return { holders, waiting: lock?.waiting ?? 0 };
    },
    release: ({ name, token }) =>
      locks.releaseLock(CALLER, create(ReleaseLockRequestSchema, { name, token: BigInt(token) })).then(
        () => {},
        (error: unknown) => {
          if (!isNotHeld(error)) throw error;
        },
      ),
  };
}

function isNotHeld(error: unknown): boolean {
  return error instanceof TssError && error.reason === "LOCK_NOT_HELD";
}
