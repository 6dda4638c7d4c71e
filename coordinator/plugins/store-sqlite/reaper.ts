import type { Handles } from "./handles.ts";
import { segmentDrops, segmentNames } from "./tables.ts";

/** Free pages that stay in the file for the next rows, whatever its size: 4 MiB. */
const KEPT_PAGES = 1_024;

/** Pages given back to the file system in one step, about 10 ms. */
const VACUUM_PAGES = 256;

/**
 * Drops the tables of segments that were given back and shrinks the file, in steps between which flushes go on. What a
 * stop or a crash leaves is taken up by the next run.
 */
export class Reaper {
  readonly #handles: Handles;
  #running: Promise<void> | null = null;
  #closed = false;

  constructor(handles: Handles) {
    this.#handles = handles;
  }

  /** Reads which segments wait to be dropped, as another store may have left them. */
  learnFreed(): void {
    const { writer, memory } = this.#handles;
    const rows = writer.read(() => writer.prepare("SELECT seg FROM segment WHERE freed = 1").all());
    memory.freed.clear();
    for (const row of rows) memory.freed.add(row["seg"] as number);
  }

  /** Begins in the background; a failure leaves the rest for the next time. */
  start(): void {
    this.#running ??= this.#run()
      .catch(() => {})
      .finally(() => {
        this.#running = null;
      });
  }

  async #run(): Promise<void> {
    await turn();
    await this.dropFreed();
    await this.#shrink();
  }

  /** Returns when no segment waits for its tables to be dropped. */
  async dropFreed(): Promise<void> {
    for (;;) {
      const freed = this.#closed ? undefined : this.#nextFreed();
      if (freed === undefined) return;
      for (const drop of segmentDrops(freed.seg)) {
        if (!this.#step(freed, drop)) break;
        await turn();
        if (this.#closed) return;
      }
      this.#step(freed, `DELETE FROM segment WHERE seg = ${freed.seg}`);
      this.#handles.memory.freed.delete(freed.seg);
    }
  }

  #nextFreed(): { readonly seg: number; readonly generation: number } | undefined {
    const { writer } = this.#handles;
    const row = writer.read(() => writer.prepare("SELECT seg, generation FROM segment WHERE freed = 1").get());
    return row && { seg: row["seg"] as number, generation: row["generation"] as number };
  }

  /**
   * One statement, if the number still belongs to the life that was given back: a successor may have dropped the tables
   * and opened the number anew.
   */
  #step(freed: { readonly seg: number; readonly generation: number }, sql: string): boolean {
    const { writer, reader } = this.#handles;
    writer.forget(segmentNames(freed.seg));
    reader.forget(segmentNames(freed.seg));
    return writer.write(() => {
      const row = writer
        .prepare("SELECT 1 FROM segment WHERE seg = ? AND generation = ? AND freed = 1")
        .get(freed.seg, freed.generation);
      if (row !== undefined) writer.exec(sql);
      return row !== undefined;
    });
  }

  /**
   * Gives free pages back to the file system. A ring that keeps turning reuses its pages instead, so only what is more
   * than half of the pages in use goes.
   */
  async #shrink(): Promise<void> {
    const { writer } = this.#handles;
    let shrunk = false;
    while (!this.#closed) {
      const free = this.#pragma("freelist_count");
      const used = this.#pragma("page_count") - free;
      const surplus = free - Math.max(KEPT_PAGES, Math.floor(used / 2));
      if (surplus <= 0) break;
      writer.read(() => writer.exec(`PRAGMA incremental_vacuum(${Math.min(surplus, VACUUM_PAGES)})`));
      shrunk = true;
      await turn();
    }
    if (shrunk && !this.#closed) writer.read(() => writer.exec("PRAGMA wal_checkpoint(TRUNCATE)"));
  }

  #pragma(name: string): number {
    const { writer } = this.#handles;
    return writer.read(() => writer.prepare(`PRAGMA ${name}`).get()?.[name] as number);
  }

  /** Stops after the step at hand. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}

/** Lets everything else have its turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
