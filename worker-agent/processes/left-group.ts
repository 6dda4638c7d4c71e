import { endGroup } from "./end-group.ts";
import { processGroup } from "./group.ts";
import { type ProcessIdentity, stillRuns } from "./identity.ts";
import { readStat } from "./proc-stat.ts";
import { type AttemptMark, findMarked } from "./sweep.ts";

/** What an earlier agent left running has this long between SIGTERM and SIGKILL. */
const GRACE_MS = 1_000;

/**
 * Ends the process group of an attempt of an earlier agent.
 * @param leader absent: that agent ended while it started the attempt.
 */
export async function endLeftGroup(leader: ProcessIdentity | undefined, mark: AttemptMark): Promise<void> {
  const group = await findGroup(leader, mark);
  if (group !== undefined) await endGroup(processGroup(group), AbortSignal.timeout(GRACE_MS));
}

/** The group's number may have been given anew: its leader or a marked member must prove that it is the attempt's. */
async function findGroup(leader: ProcessIdentity | undefined, mark: AttemptMark): Promise<number | undefined> {
  if (leader !== undefined && stillRuns(leader)) return leader.pid;
  const marked = await findMarked(mark);
  const groups = marked.map((pid) => readStat(pid)?.group);
  if (leader === undefined) return groups.find((group) => group !== undefined && marked.includes(group));
  return groups.find((group) => group === leader.pid);
}
