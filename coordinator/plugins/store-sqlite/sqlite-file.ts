import { accessSync, constants, existsSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { systemReason } from "../../../runtime/make-directory.ts";
import { StoreUnavailableError } from "../../ports/store-errors.ts";

/**
 * The absolute path of a `sqlite:PATH` address; `sqlite:///abs` is the same as `sqlite:/abs`. To open what is no file could
 * take for ever (a pipe), so that is looked at first.
 * @throws StoreUnavailableError when it names no file, or what can be none.
 */
export function sqliteFile(url: string): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/))?/, "");
  if (!url.startsWith("sqlite:") || path === "" || path.startsWith(":memory:"))
    throw new StoreUnavailableError(`"${url}" names no file: set TSS_DATABASE_URL to sqlite:PATH`, false);
  const problem = pathProblem(resolve(path));
  if (problem !== "") throw new StoreUnavailableError(problem, false);
  return resolve(path);
}

/** Whether the file system, not SQLite, is why a database cannot be opened; one sentence that says what to do, or "". */
export function fileProblem(path: string): string {
  const impossible = pathProblem(path);
  if (impossible !== "") return impossible;
  const directory = dirname(path);
  if (!existsSync(directory)) return `The directory ${directory} does not exist: make it, or run "tss db init".`;
  const refused = refusal(directory, constants.W_OK | constants.X_OK);
  if (refused === "EROFS")
    return `The directory ${directory} lies on a read-only file system: move the database to one that can be written.`;
  if (refused !== undefined)
    return `The directory ${directory} cannot be written by this user: SQLite keeps files beside ${path}, so allow it or move the database.`;
  if (existsSync(path) && refusal(path, constants.R_OK | constants.W_OK) !== undefined)
    return `The database ${path} cannot be read and written by this user: change its owner or its mode.`;
  return "";
}

/** What makes a path impossible for a file, whoever asks and whatever is made first. */
function pathProblem(path: string): string {
  const mend = "set TSS_DATABASE_URL to another path.";
  const found = look(path);
  if (typeof found === "string") return `The path ${path} cannot be used (${found}): ${mend}`;
  if (found?.isDirectory())
    return `The path ${path} is a directory: set TSS_DATABASE_URL to a file in it, e.g. sqlite:${resolve(path, "tss.db")}.`;
  if (found !== undefined) return found.isFile() ? "" : `The path ${path} is no ordinary file: ${mend}`;
  for (let above = dirname(path); ; above = dirname(above)) {
    const there = look(above);
    if (there === undefined && above !== dirname(above)) continue;
    return typeof there === "object" && !there.isDirectory() ? `${above} is a file, no directory: ${mend}` : "";
  }
}

/** Undefined: nothing is there. A text: what the system has against the path itself. */
function look(path: string): Stats | string | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ELOOP" || code === "ENAMETOOLONG" ? systemReason(error) : undefined;
  }
}

/** Why this user may not, as a code of the system; undefined: he may. */
function refusal(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}
