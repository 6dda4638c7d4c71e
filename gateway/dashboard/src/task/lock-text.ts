import type { LockNeedJson, TaskLockJson } from "../../../../proto/gen/tss/v1/task_pb.js";

/** A lock that a task needs, as forms and the command line have it. */
export function lockText({ name = "", permits = 0 }: LockNeedJson): string {
  return permits > 1 ? `${name}:${permits}` : name;
}

/** Locks that an attempt was given. */
export function tokensText(locks: readonly TaskLockJson[]): string {
  return locks.map(({ name = "", token = "0" }) => `${name} with token ${token}`).join(", ");
}
