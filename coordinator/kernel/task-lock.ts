import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AttemptSchema } from "../../proto/gen/tss/v1/task_pb.js";

/** A lock that tasks of a lane need. */
export interface LockNeed {
  readonly name: string;
  /** At least 1. */
  readonly permits: number;
}

/** A lock that was taken for an attempt. */
export interface TaskLock {
  readonly name: string;
  /** Fencing token. */
  readonly token: number;
}

export const NO_LOCKS: readonly TaskLock[] = [];

/** What the event of a lease keeps of them; null: nothing. */
export function packLocks(locks: readonly TaskLock[]): Uint8Array | null {
  if (locks.length === 0) return null;
  const held = locks.map(({ name, token }) => ({ name, token: BigInt(token) }));
  return toBinary(AttemptSchema, create(AttemptSchema, { locks: held }));
}

export function unpackLocks(detail: Uint8Array | null): readonly TaskLock[] {
  if (detail === null) return NO_LOCKS;
  return fromBinary(AttemptSchema, detail).locks.map(({ name, token }) => ({ name, token: Number(token) }));
}
