import { rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy, sqliteCode, storeError } from "./sqlite-errors.ts";

const NOT_A_DATABASE = 26;

/**
 * The file beside a database that says who owns its shards. It is a small SQLite database whose write lock the owner
 * holds for as long as it lives: the kernel gives the lock back when the process ends, however it ends, so a stale owner
 * cannot be told from a living one by mistake (pids are used again, and mean nothing in another container).
 */
export class OwnerLock {
  readonly path: string;
  #held: { readonly db: DatabaseSync; readonly inode: number } | null = null;

  constructor(databasePath: string) {
    this.path = `${databasePath}.lock`;
  }

  /** False once another store has taken the shards over. */
  get held(): boolean {
    return this.#held !== null && this.#held.inode === inodeOf(this.path);
  }

  /**
   * Takes the lock, or keeps it if this store has it; call inside a write transaction of the database, so that two
   * never take it over at once. @returns the living owner that has it instead, else null.
   */
  take(owner: string, takeover: boolean): string | null {
    if (this.held) return null;
    this.release();
    const living = this.#acquire(owner);
    if (living === null || !takeover) return living;
    // The former owner keeps the lock of a file that has no name any more.
    rmSync(this.path, { force: true });
    return this.#acquire(owner);
  }

  #acquire(owner: string): string | null {
    const db = this.#open();
    try {
      db.exec("PRAGMA synchronous = OFF; BEGIN IMMEDIATE");
      db.exec("CREATE TABLE IF NOT EXISTS owner (pid INTEGER NOT NULL, owner TEXT NOT NULL); DELETE FROM owner");
      db.prepare("INSERT INTO owner VALUES (?, ?)").run(process.pid, owner);
      db.exec("COMMIT; BEGIN IMMEDIATE");
      this.#held = { db, inode: inodeOf(this.path) };
      return null;
    } catch (error) {
      const living = isBusy(error) ? describe(db) : null;
      db.close();
      if (living === null) throw storeError(this.path, error);
      return living;
    }
  }

  /** A file that is no database is nobody's lock. */
  #open(): DatabaseSync {
    const db = new DatabaseSync(this.path, { timeout: 0 });
    try {
      db.prepare("SELECT count(*) FROM sqlite_schema").get();
      return db;
    } catch (error) {
      if (sqliteCode(error) !== NOT_A_DATABASE) return db;
      db.close();
      rmSync(this.path, { force: true });
      return new DatabaseSync(this.path, { timeout: 0 });
    }
  }

  release(): void {
    this.#held?.db.close();
    this.#held = null;
  }
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? -1;
}

/** Who holds the lock, in its own words and with its pid. */
function describe(db: DatabaseSync): string {
  try {
    const row = db.prepare("SELECT pid, owner FROM owner").get() as { pid: number; owner: string } | undefined;
    if (row === undefined) return "a process that is just starting";
    return row.owner.includes(String(row.pid)) ? row.owner : `${row.owner} (pid ${row.pid})`;
  } catch {
    return "a process that is just starting";
  }
}
