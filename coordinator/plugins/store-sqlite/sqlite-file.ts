import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StoreUnavailableError } from "../../ports/store-errors.ts";

/**
 * The absolute path of a `sqlite:PATH` address; `sqlite:///abs` is the same as `sqlite:/abs`.
 * @throws StoreUnavailableError when it names no file.
 */
export function sqliteFile(url: string): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/))?/, "");
  if (!url.startsWith("sqlite:") || path === "" || path.startsWith(":memory:"))
    throw new StoreUnavailableError(`"${url}" names no file: set TSS_DATABASE_URL to sqlite:PATH`, false);
  return resolve(path);
}

/** Whether the file system, not SQLite, is why a database cannot be opened; one sentence that says what to do, or "". */
export function fileProblem(path: string): string {
  const directory = dirname(path);
  if (!existsSync(directory)) return `The directory ${directory} does not exist: make it, or run "tss db init".`;
  if (!may(directory, constants.W_OK | constants.X_OK))
    return `The directory ${directory} cannot be written by this user: SQLite keeps files beside ${path}, so allow it or move the database.`;
  if (existsSync(path) && !may(path, constants.R_OK | constants.W_OK))
    return `The database ${path} cannot be read and written by this user: change its owner or its mode.`;
  return "";
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
