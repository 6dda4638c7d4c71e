import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreUnavailableError } from "../../ports/store-errors.ts";
import { SameFile } from "./same-file.ts";
import { isBusy, storeError } from "./sqlite-errors.ts";

/** What is waited for a lock of another program, in ms. The whole process stands still meanwhile, so this is short. */
const BUSY_MS = 1_000;

/** The same for a writer that has waited in vain: until it gets through, whoever retries does the waiting. */
const BUSY_AGAIN_MS = 20;

/** Pages of 4 KiB in the write-ahead log before a commit copies them back: 32 MiB (docs/decisions/0010-sqlite-store.md). */
const CHECKPOINT_PAGES = 8_000;

/** One connection with the statements it has prepared. Calls are synchronous: a transaction never spans an await. */
export class Connection {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #file: SameFile | undefined;
  #waitMs = BUSY_MS;

  constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
  }

  /** From now on a commit counts only while the file is the one that was opened. */
  holdFile(): void {
    this.#file = new SameFile(this.path);
  }

  /** @throws StoreLostError the file was removed or replaced. */
  checkFile(): void {
    this.#file?.check();
  }

  /** The statement of this text, prepared once. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Forgets prepared statements that name one of these tables. */
  forget(tables: readonly string[]): void {
    const named = new RegExp(`\\b(${tables.join("|")})\\b`);
    for (const sql of this.#statements.keys()) if (named.test(sql)) this.#statements.delete(sql);
  }

  /**
   * Runs the body in one transaction that holds the write lock from its start. Throws errors of the port, also after the
   * commit when the file is not the one that was opened.
   * @param beforeCommit runs as the last thing inside.
   */
  write<T>(body: () => T, beforeCommit?: () => void): T {
    let committing = false;
    try {
      this.prepare("BEGIN IMMEDIATE").run();
      this.#wait(BUSY_MS);
      const result = body();
      beforeCommit?.();
      committing = true;
      this.prepare("COMMIT").run();
      // After the commit: what was written into a file without a name must not be acknowledged.
      this.#file?.check();
      return result;
    } catch (error) {
      this.rollback();
      if (isBusy(error)) this.#wait(BUSY_AGAIN_MS);
      throw storeError(this.path, error, committing);
    }
  }

  /** Runs reads; throws errors of the port. */
  read<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  #wait(ms: number): void {
    if (this.#waitMs === ms) return;
    this.#waitMs = ms;
    this.#db.exec(`PRAGMA busy_timeout = ${ms}`);
  }

  /** Ends what a failed transaction has left open, if anything. */
  rollback(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
  }

  /** Waits at most so long for locks during the body. */
  impatiently<T>(waitMs: number, body: () => T): T {
    this.#db.exec(`PRAGMA busy_timeout = ${waitMs}`);
    try {
      return body();
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${this.#waitMs}`);
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }
}

/**
 * The one connection that writes: every commit is on the disk when it returns. Also makes a copy that came out of a backup
 * tool what it was; how a file is vacuumed can be set only before anything else is written to it.
 */
export function openWriter(path: string): Connection {
  const writer = open(path, false, [
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -32768",
    `PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
    `PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * 4096}`,
  ]);
  if (writer.prepare("PRAGMA journal_mode").get()?.["journal_mode"] === "wal") {
    writer.holdFile();
    return writer;
  }
  writer.close();
  throw new StoreUnavailableError(`The database ${path} allows no write-ahead log: put it on a local disk.`, false);
}

export function openReader(path: string): Connection {
  return open(path, true, ["PRAGMA cache_size = -8192"]);
}

function open(path: string, readOnly: boolean, pragmas: readonly string[]): Connection {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly, timeout: BUSY_MS });
    for (const pragma of pragmas) db.exec(pragma);
    // Opening is lazy in SQLite: the first read finds a file that is no database.
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return new Connection(path, db);
  } catch (error) {
    db?.close();
    throw storeError(path, error);
  }
}
