import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { writeWhole } from "../../journal/write-file.ts";

/**
 * The parent of every command: a shell that outlives the agent, keeps the command's pipes open meanwhile and writes down
 * how it ended (docs/decisions/0041).
 *
 * It leads the session and the process group, so it hears what is meant for the command and must not die of it; traps, not
 * ignored signals, because those would be inherited. When the command has ended it lets go of everything but the reading
 * ends of the pipes, in which there may be output that no agent has read, and the environment of another user, and stops until an agent kills it. Where the
 * agent's directory is gone by then, no agent comes.
 *
 * A shell that has just been forked still has the traps of its parent: a signal would be swallowed. It says on the pipe of
 * its life when it has let go of them; no agent may be there to read it.
 *
 * What has to happen in the process that becomes the command (limits, a control group) is its first argument, see prelude.ts.
 */
const SCRIPT = `trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2
(
  trap '' PIPE
  echo >&7 2>/dev/null
  trap - PIPE
  { echo 500 >/proc/self/oom_score_adj; } 2>/dev/null
  eval "$1"
  shift
  exec "$@" 2>&8 4<&- 5<&- 6<&- 7>&- 8>&-
)
code=$?
exec 1>&- 3>&- 8>&-
echo "exit=$code;" >&2
exec 7>&-
[ -e "$0" ] || exit
while :; do kill -STOP $$; done
`;

/** Its descriptors; 1 and 3 are the command's own. */
export const LAUNCHER_FD = { heldOutput: 4, heldErrors: 5, heldControl: 6, life: 7, errors: 8 } as const;

/** How a command ended, as its launcher knows it. */
export interface Exit {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** What of the task could not be set, so that nothing was started: the name of a limit, or "group". */
  readonly unmet?: string;
}

/** The launcher was killed before it could say anything. */
export const UNKNOWN_EXIT: Exit = { exitCode: undefined, signal: undefined };

/** Writes the launcher into the agent's directory. Returns its path. A shell that runs an older one keeps that. */
export function installLauncher(directory: string): string {
  const path = join(directory, "launcher");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (readOptional(path) !== SCRIPT) writeWhole(path, SCRIPT);
  return path;
}

const STATUS = "status";
/** A disk that is full when the command ends has to take what is written then: it is written over blanks. */
const STATUS_BYTES = 512;

/** Makes the file that the launcher has as its standard error. The caller closes it. */
export function createStatusFile(directory: string): number {
  const path = join(directory, STATUS);
  writeFileSync(path, " ".repeat(STATUS_BYTES), { mode: 0o600 });
  return openSync(path, "r+");
}

/** Undefined: the command has not ended, or its launcher was killed before it could say how. */
export function readStatus(directory: string): Exit | undefined {
  return parseStatus(readOptional(join(directory, STATUS)) ?? "");
}

/**
 * `exit=3;` is what the launcher wrote in one piece; what a shell says before it ("Killed", "Terminated") tells death by a
 * signal from an exit code of that height. A shell that is silent about a signal leaves an exit code. `unmet=nofile;` is
 * what the launcher could not set.
 */
export function parseStatus(text: string): Exit | undefined {
  const [, said = "", digits] = /^(.*?)exit=(\d{1,3});/s.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const exitCode = Number(digits);
  const unmet = /unmet=([a-z_]+);/.exec(said)?.[1];
  if (unmet !== undefined) return { exitCode, signal: undefined, unmet };
  const signal = said.trim() === "" ? undefined : signalName(exitCode - 128);
  return signal === undefined ? { exitCode, signal: undefined } : { exitCode: undefined, signal };
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
