import type { ProcessGroup } from "./group.ts";

/** A process that sleeps in the kernel cannot be killed; the agent does not wait for it for ever. */
const KILL_WAIT_MS = 5_000;

/**
 * SIGTERM to the whole group, and SIGKILL to whoever is left when `hard` is aborted; at once if it already is.
 * Resolves whether the group is gone: a process that the kernel holds may outlast SIGKILL by more than 5 s.
 */
export async function endGroup(group: ProcessGroup, hard: AbortSignal): Promise<boolean> {
  if (!hard.aborted) {
    // A stopped process hears SIGTERM only once it goes on.
    if (!group.signal("SIGTERM") || !group.signal("SIGCONT")) return true;
    if (await group.gone(hard)) return true;
  }
  if (!group.signal("SIGKILL")) return true;
  return await group.gone(AbortSignal.timeout(KILL_WAIT_MS));
}
