import type { DatabaseSync } from "node:sqlite";

/** What one transaction deletes at most, so that output never waits long: attempts, and bytes. */
const STEP_ATTEMPTS = 200;
const STEP_BYTES = 4 * 1024 * 1024;

/** Free pages that stay in the file for the next output (4 MiB), and pages given back in one step. */
const KEPT_PAGES = 1_024;
const VACUUM_PAGES = 256;

/**
 * Deletes output whose newest chunk is older, and gives the space back, in steps between which others have their turn.
 * @param isClosed ends it early; what is left goes the next time.
 * @returns bytes deleted, as stored.
 */
export async function pruneOutputs(db: DatabaseSync, before: number, isClosed: () => boolean): Promise<number> {
  let freed = 0;
  while (!isClosed()) {
    const step = deleteStep(db, before);
    if (step === null) break;
    freed += step;
    await turn();
  }
  if (freed > 0) await shrink(db, isClosed);
  return freed;
}

/** @returns null when nothing is old enough. */
function deleteStep(db: DatabaseSync, before: number): number | null {
  const old = db
    .prepare("SELECT id, bytes FROM output WHERE newest < ? ORDER BY newest LIMIT ?")
    .all(before, STEP_ATTEMPTS) as { id: number; bytes: number }[];
  if (old.length === 0) return null;
  const chunks = db.prepare("DELETE FROM chunk WHERE output = ?");
  const output = db.prepare("DELETE FROM output WHERE id = ?");
  let freed = 0;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { id, bytes } of old) {
      if (freed > 0 && freed + bytes > STEP_BYTES) break;
      chunks.run(id);
      output.run(id);
      freed += bytes;
    }
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return freed;
}

/** A file that keeps filling reuses its pages, so only what is more than half of the pages in use is given back. */
async function shrink(db: DatabaseSync, isClosed: () => boolean): Promise<void> {
  const pragma = (name: string) => db.prepare(`PRAGMA ${name}`).get()?.[name] as number;
  while (!isClosed()) {
    const free = pragma("freelist_count");
    const surplus = free - Math.max(KEPT_PAGES, Math.floor((pragma("page_count") - free) / 2));
    if (surplus <= 0) break;
    db.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, VACUUM_PAGES)})`);
    await turn();
  }
  if (!isClosed()) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
