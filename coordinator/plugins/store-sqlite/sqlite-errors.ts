import { BadRowError, StoreUnavailableError } from "../../ports/store-errors.ts";
import { fileProblem } from "./sqlite-file.ts";

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const CODE = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  nomem: 7,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  toobig: 18,
  constraint: 19,
  mismatch: 20,
  range: 25,
  notadb: 26,
} as const;

interface SqliteError extends Error {
  readonly code: string;
  readonly errcode?: number;
}

/** Primary result code; 0 for anything that does not come from SQLite. */
export function sqliteCode(error: unknown): number {
  const { code, errcode } = error as Partial<SqliteError>;
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode & 0xff : 0;
}

export const isBusy = (error: unknown): boolean => sqliteCode(error) === CODE.busy || sqliteCode(error) === CODE.locked;

/** A table that went with its segment, or with its day. */
export function isMissingTable(error: unknown): boolean {
  return sqliteCode(error) === CODE.error && (error as Error).message.startsWith("no such table");
}

const isDamaged = (code: number): boolean => code === CODE.corrupt || code === CODE.notadb;

/**
 * What the callers of the port understand: BadRowError for values SQLite refuses, StoreUnavailableError for what has to
 * do with the file; every other error is given back as it is.
 * @param committing the error came from COMMIT itself: an I/O error then leaves open what is on the disk.
 */
export function storeError(path: string, error: unknown, committing = false): unknown {
  const code = sqliteCode(error);
  if (code === 0)
    return isUnbindable(error) ? new BadRowError(`A value cannot be stored: ${textOf(error)}`, error) : error;
  const inDoubt = committing && (code === CODE.ioerr || isDamaged(code));
  const unavailable = (message: string) => new StoreUnavailableError(message, inDoubt, error);
  switch (code) {
    case CODE.error:
    case CODE.constraint:
    case CODE.mismatch:
    case CODE.toobig:
    case CODE.range:
      return new BadRowError(`The database ${path} refuses a row: ${textOf(error)}`, error);
    case CODE.busy:
    case CODE.locked:
      return unavailable(
        `The database ${path} is locked by another program: end the shell, backup, migration or frozen coordinator that holds it.`,
      );
    case CODE.full:
      return unavailable(`The disk of the database ${path} is full: free some space, TSS then goes on by itself.`);
    case CODE.readonly:
    case CODE.perm:
    case CODE.cantopen:
      return unavailable(fileProblem(path) || `The database ${path} cannot be opened for writing: ${textOf(error)}.`);
    case CODE.notadb:
      return unavailable(`The file ${path} is not a SQLite database: set TSS_DATABASE_URL to another file.`);
    case CODE.corrupt:
      return unavailable(
        `The database ${path} is damaged (${textOf(error)}): stop TSS, keep a copy of the file and restore a backup.`,
      );
    case CODE.ioerr:
      return unavailable(
        fileProblem(path) || `Reading or writing the database ${path} failed (${textOf(error)}): check its disk.`,
      );
    default:
      return unavailable(`The database ${path} cannot be used: ${textOf(error)}.`);
  }
}

/** node:sqlite checks what it binds before SQLite sees it. */
function isUnbindable(error: unknown): boolean {
  const { code } = error as Partial<SqliteError>;
  return code === "ERR_INVALID_ARG_TYPE" || code === "ERR_INVALID_ARG_VALUE";
}

function textOf(error: unknown): string {
  const { message, errcode } = error as SqliteError;
  return errcode === undefined ? message : `${message}, SQLite code ${errcode}`;
}
