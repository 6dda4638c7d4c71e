import { statSync } from "node:fs";
import { StoreLostError } from "../../ports/store-errors.ts";

/**
 * Whether the names of an open database still lead to what was opened. SQLite goes on without complaint on files that were
 * removed or replaced, and what it commits there is gone with the process.
 */
export class SameFile {
  readonly #path: string;
  readonly #inodes: readonly (readonly [path: string, inode: number])[];

  /** @param path of the database, which is open and has its write-ahead log. */
  constructor(path: string) {
    this.#path = path;
    this.#inodes = [path, `${path}-wal`].map((name) => [name, inodeOf(name)]);
  }

  /** @throws StoreLostError */
  check(): void {
    for (const [name, inode] of this.#inodes) {
      if (inodeOf(name) === inode) continue;
      throw new StoreLostError(
        `The file ${name} was removed or replaced while the coordinator was using the database ${this.#path}: it acknowledges nothing more and ends. Put the file back, or restore a backup, before the next start.`,
      );
    }
  }
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? -1;
}
