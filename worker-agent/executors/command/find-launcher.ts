import { readFileSync, statSync } from "node:fs";
import { identify, type ProcessIdentity } from "../../processes/identity.ts";
import { type AttemptMark, findMarked } from "../../processes/sweep.ts";

/** The launcher of an attempt whose agent died before it could write down its number; undefined: there is none. */
export async function findLauncher(mark: AttemptMark, launcher: string): Promise<ProcessIdentity | undefined> {
  const isOurs = (pid: number) => ownerOf(pid) === process.geteuid?.() && argumentsOf(pid)[1] === launcher;
  const pid = (await findMarked(mark)).find(isOurs);
  return pid === undefined ? undefined : identify(pid);
}

/** What another user runs may call itself as it likes. */
function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return [];
  }
}
