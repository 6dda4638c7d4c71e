import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type AcquireLockRequest,
  AcquireLockRequestSchema,
  type AcquireLockResponse,
  LockService,
  ReleaseLockResponseSchema,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { lockShard } from "../engine/locks.ts";
import type { EngineState } from "../engine/state.ts";
import { durationMs, toDuration } from "../kernel/time.ts";
import { atOwner, hasMoved } from "./at-owner.ts";
import { joinLockPages } from "./list-locks.ts";
import type { Caller, LockOperations } from "./operations.ts";
import type { Peers, Routes } from "./peers.ts";

const { method } = LockService;

/** Calls about locks, answered by the coordinator that owns the lock's shard. */
export function routeLocks(state: EngineState, local: LockOperations, routes: Routes, peers: Peers): LockOperations {
  const byName = <A>(
    caller: Caller,
    name: string,
    here: () => Promise<A>,
    there: (address: string) => Promise<A>,
  ): Promise<A> => {
    if (caller.forwarded) return here();
    return atOwner(routes, lockShard(state, name), (address) => (address === null ? here() : there(address)));
  };

  /** Goes after the lock for as long as the caller would wait, keeping its place in the line by its request id. */
  const acquire = async (
    caller: Caller,
    asked: AcquireLockRequest,
    signal: AbortSignal,
  ): Promise<AcquireLockResponse> => {
    const began = performance.now();
    const waitMs = asked.wait === undefined ? 0 : durationMs(asked.wait);
    // Refused here, whoever owns the lock.
    if (!(waitMs >= 0 && waitMs <= LIMITS.waitMs)) return local.acquireLock(caller, asked, signal);
    const request = create(AcquireLockRequestSchema, { ...asked, requestId: asked.requestId || randomUUID() });
    const left = () => Math.max(waitMs - (performance.now() - began), 0);
    for (;;)
      try {
        return await byName(
          caller,
          request.name,
          () => local.acquireLock(caller, { ...request, wait: toDuration(left()) }, signal),
          (address) =>
            peers.call(address, method.acquireLock, { ...request, wait: toDuration(left()) }, caller, signal, left()),
        );
      } catch (error) {
        if (!hasMoved(error) || left() === 0 || signal.aborted) throw error;
      }
  };

  return {
    acquireLock: (caller, request, signal) =>
      caller.forwarded ? local.acquireLock(caller, request, signal) : acquire(caller, request, signal),
    renewLock: (caller, request) =>
      byName(
        caller,
        request.name,
        () => local.renewLock(caller, request),
        (address) => peers.call(address, method.renewLock, request, caller),
      ),
    async releaseLock(caller, request) {
      let isInDoubt = false;
      try {
        return await byName(
          caller,
          request.name,
          () => local.releaseLock(caller, request),
          (address) =>
            peers.call(address, method.releaseLock, request, caller).catch((error: unknown) => {
              isInDoubt ||= hasMoved(error);
              throw error;
            }),
        );
      } catch (error) {
        // The owner that has gone had carried it out.
        if (!isInDoubt || !(error instanceof TssError) || error.reason !== "LOCK_NOT_HELD") throw error;
        return create(ReleaseLockResponseSchema, { changed: false });
      }
    },
    forceReleaseLock: (caller, request) =>
      byName(
        caller,
        request.name,
        () => local.forceReleaseLock(caller, request),
        (address) => peers.call(address, method.forceReleaseLock, request, caller),
      ),
    getLock: (caller, request) =>
      byName(
        caller,
        request.name,
        () => local.getLock(caller, request),
        (address) => peers.call(address, method.getLock, request, caller),
      ),
    async listLocks(caller, request) {
      const others = caller.forwarded ? [] : routes.others();
      const pages = await Promise.all([
        local.listLocks(caller, request),
        ...others.map((address) => peers.call(address, method.listLocks, request, caller)),
      ]);
      return joinLockPages(pages, request);
    },
  };
}
