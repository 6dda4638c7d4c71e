import { readFileSync } from "node:fs";
import { identify, type ProcessIdentity } from "../../processes/identity.ts";
import { type AttemptMark, findMarked } from "../../processes/sweep.ts";

/** The launcher of an attempt whose agent died before it could write down its number; undefined: there is none. */
export async function findLauncher(mark: AttemptMark, launcher: string): Promise<ProcessIdentity | undefined> {
  const pid = (await findMarked(mark)).find((candidate) => argumentsOf(candidate)[1] === launcher);
  return pid === undefined ? undefined : identify(pid);
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return [];
  }
}
