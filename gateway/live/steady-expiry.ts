import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Lock, LockHolder } from "../../proto/gen/tss/v1/lock_service_pb.js";

/** What is less than this apart is the same moment, read from two clocks, ms. */
const SAME_MS = 200;

/**
 * A lock's end is computed anew at every read and wavers by a millisecond: without this, every read would be a change for
 * everybody who looks. @returns sets ends back to what was told before, where they have not moved since.
 */
export function steadyExpiry(): (locks: readonly Lock[]) => void {
  let told = new Map<bigint, Timestamp>();
  return (locks) => {
    const now = new Map<bigint, Timestamp>();
    for (const holder of locks.flatMap(({ holders }) => holders)) settle(holder, told.get(holder.token), now);
    told = now;
  };
}

function settle(holder: LockHolder, before: Timestamp | undefined, now: Map<bigint, Timestamp>): void {
  if (holder.expiresAt === undefined) return;
  if (before !== undefined && Math.abs(timestampMs(before) - timestampMs(holder.expiresAt)) < SAME_MS)
    holder.expiresAt = before;
  now.set(holder.token, holder.expiresAt);
}
