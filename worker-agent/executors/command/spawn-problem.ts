import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A sentence for a program that could not be started. */
export function spawnSentence(program: string, path: string, error: NodeJS.ErrnoException, agentName: string): string {
  const on = `on agent ${agentName}`;
  switch (error.code) {
    case "ENOENT":
      if (program.includes("/") && existsSync(program))
        return `Program "${program}" could not be started ${on}: the interpreter its first line names was not found.`;
      if (program.includes("/")) return `Program "${program}" was not found ${on}.`;
      return `Program "${program}" was not found ${on}; install it there or give its full path (PATH is ${path}).`;
    case "EACCES":
      return `Program "${program}" could not be started ${on}: its user may not execute it.`;
    case "E2BIG":
      return `Program "${program}" could not be started ${on}: arguments and environment are longer than the system takes; put them into the payload.`;
    case "ERR_INVALID_ARG_VALUE":
      return `Program "${program}" could not be started ${on}: a NUL character is in its arguments, environment or directory.`;
    default:
      return `Program "${program}" could not be started ${on}: ${error.code ?? error.message}.`;
  }
}

/** A sentence for a directory no command can run in; undefined: it can be used. */
export function directoryProblem(directory: string, agentName: string): string | undefined {
  try {
    if (!statSync(directory).isDirectory())
      return `The working directory ${directory} is not a directory on agent ${agentName}.`;
    accessSync(directory, constants.X_OK);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      return `The working directory ${directory} does not exist on agent ${agentName}.`;
    return `The working directory ${directory} cannot be entered on agent ${agentName} (${(error as NodeJS.ErrnoException).code}).`;
  }
}

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const FIRST_PROGRAM = /^\s*(?:[A-Za-z_][A-Za-z0-9_]*=\S*\s+)*([^\s;|&<>()$`"'\\]+)/;

/**
 * A sentence when the shell could not start the very program its line begins with. A later program of the line counts
 * as an exit code instead, because something ran before it.
 */
export function shellProblem(exitCode: number | undefined, line: string, lastError: string, agentName: string) {
  const program = FIRST_PROGRAM.exec(line)?.[1];
  if (program === undefined || !lastError.includes(`${program}:`)) return undefined;
  if (exitCode === NOT_FOUND)
    return `Command "${program}" was not found on agent ${agentName}; install it there or give its full path.`;
  if (exitCode === NOT_EXECUTABLE)
    return `Command "${program}" could not be started on agent ${agentName}: its user may not execute it.`;
  return undefined;
}

/** The path of a program as a search of `path` finds it; undefined: nowhere. */
export function resolveProgram(program: string, path: string): string | undefined {
  if (program.includes("/")) return program;
  for (const directory of path.split(delimiter)) {
    const candidate = join(directory === "" ? "." : directory, program);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
