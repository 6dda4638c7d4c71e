import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

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

/** A line as far as its first program: all that is needed to judge what a shell could not start. "": none is named. */
export function startOfLine(line: string): string {
  return FIRST_PROGRAM.exec(line)?.[0] ?? "";
}

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

/** The code of what kept the launcher from starting the very program, by its last words; undefined: something ran. */
export function launchProblem(exitCode: number | undefined, program: string, lastError: string): string | undefined {
  // The second is what BusyBox says.
  if (![`exec: ${program}:`, `exec: line 0: ${program}:`].some((said) => lastError.includes(said))) return undefined;
  if (exitCode === NOT_FOUND) return "ENOENT";
  return exitCode === NOT_EXECUTABLE ? "EACCES" : undefined;
}

/** The path of a program as a search of `path` finds it for a process in `directory`; undefined: nowhere. */
export function resolveProgram(program: string, path: string, directory: string): string | undefined {
  if (program.includes("/")) return program;
  return path
    .split(delimiter)
    .map((folder) => resolve(directory, folder, program))
    .find(isExecutable);
}

/**
 * Why a program cannot be started in `directory`, as a code of the system; undefined: it seems that it can. Asked before,
 * because a shell that cannot start something says so in words.
 */
export function programProblem(program: string, path: string, directory: string): "ENOENT" | "EACCES" | undefined {
  const found = resolveProgram(program, path, directory);
  if (found === undefined) return "ENOENT";
  const file = resolve(directory, found);
  if (!existsSync(file)) return "ENOENT";
  if (!isExecutable(file)) return "EACCES";
  const interpreter = /^#![ \t]*([^ \t\r\n\0]+)/.exec(readStart(file))?.[1];
  return interpreter === undefined || existsSync(interpreter) ? undefined : "ENOENT";
}

const FIRST_LINE_BYTES = 256;

function readStart(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(FIRST_LINE_BYTES);
      return bytes.toString("latin1", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  } catch {
    // What may be executed may still not be read.
    return "";
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
