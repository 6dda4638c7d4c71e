import type { ProcessGroup } from "./group.ts";

/** A process that sleeps in the kernel cannot be killed; the agent does not wait for it for ever. */
const KILL_WAIT_MS = 5_000;

/**
 * SIGTERM to the whole group, and SIGKILL to whoever is left when `hard` is aborted; at once if it already is.
 * Resolves whether the group is gone: a process that the kernel holds may outlast SIGKILL by more than 5 s.
 */
export async function endGroup(group: ProcessGroup, hard: AbortSignal): Promise<boolean> {
  if (!hard.aborted && !askGroup(group)) return true;
  return await outlastGroup(group, hard);
}

/** Asks everybody in the group to end. False: nobody is there. */
export function askGroup(group: ProcessGroup): boolean {
  // A stopped process hears SIGTERM only once it goes on.
  return group.signal("SIGTERM") && group.signal("SIGCONT");
}

/** Waits for a group that was asked to end, and kills it when `hard` is aborted. Resolves whether it is gone. */
export async function outlastGroup(group: ProcessGroup, hard: AbortSignal): Promise<boolean> {
  if (await group.gone(hard)) return true;
  if (!group.signal("SIGKILL")) return true;
  return await group.gone(AbortSignal.timeout(KILL_WAIT_MS));
}
