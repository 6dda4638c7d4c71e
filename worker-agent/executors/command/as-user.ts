import { randomUUID } from "node:crypto";
import { closeSync, fchownSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LIMITS } from "../../../proto/limits.ts";
import { SHELL_NAMES } from "../../../proto/shell-names.ts";
import type { Account } from "../../users/account.ts";

/** Another user, and the way to it. */
export interface OtherUser {
  readonly account: Account;
  /** Words that run a shell as that user. */
  readonly words: readonly string[];
}

/** Where a command that runs as another user finds its environment. */
export const ENVIRONMENT_FD = 9;

/**
 * What the shell of another user does before it becomes the command. The environment of the task comes only here, and the
 * directory is entered only here: neither may mean anything to a process that is still root.
 */
const LINE = `cd -- "$1" 2>/dev/null || { echo "tss-agent: cannot enter $1" >&2; exit 126; }
shift
unset OLDPWD
. /proc/self/fd/${ENVIRONMENT_FD}
exec "$@" ${ENVIRONMENT_FD}<&-`;

/** A file system in memory, on every Linux that has one. */
const MEMORY = "/dev/shm";

/** The words that become a command of another user, in a directory. */
export function wordsAs({ words }: OtherUser, directory: string, command: readonly string[]): string[] {
  return [...words, "-c", LINE, "sh", directory, ...command];
}

/** Whether a shell hands a name of its environment on. */
export function isVariable(name: string): boolean {
  return LIMITS.environmentName.test(name);
}

/** Whether a shell can be told to set it. */
export function isSettable(name: string): boolean {
  return isVariable(name) && !SHELL_NAMES.test(name);
}

/** The last line of errors of a command that was not started because its directory was closed to its user. */
export function enterProblem(exitCode: number | undefined, lastError: string, directory: string): boolean {
  return exitCode === 126 && lastError === `tss-agent: cannot enter ${directory}`;
}

export function closedSentence(directory: string, user: string, agentName: string): string {
  return `User "${user}" cannot enter the working directory ${directory} on agent ${agentName}.`;
}

/** A file without a name with the environment, for its user alone to read. The caller closes it. */
export function openEnvironment(
  folder: string,
  environment: Readonly<Record<string, string>>,
  account: Account,
): number {
  // What is secret in it is not to reach a disk, however short it is there.
  const path = join(isDirectory(MEMORY) ? MEMORY : folder, `tss-environment-${randomUUID()}`);
  const write = openSync(path, "wx", 0o400);
  try {
    const lines = Object.entries(environment)
      .filter(([name]) => isSettable(name))
      .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`);
    writeSync(write, lines.join(""));
    // While it is the agent's: who is given a file could put another in its place.
    const read = openSync(path, "r");
    rmSync(path);
    fchownSync(write, account.uid, account.gid);
    return read;
  } finally {
    closeSync(write);
    rmSync(path, { force: true });
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What is left to processes that are still the agent's user: where programs are, and what tells the attempt's own. */
export function plainEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  for (const name of ["TSS_TASK_ID", "TSS_FENCING_TOKEN"]) kept[name] = environment[name] ?? "";
  return kept;
}
