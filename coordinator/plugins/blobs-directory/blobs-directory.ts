import { opendir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeDirectory } from "../../../runtime/make-directory.ts";
import { firstBytes, withoutOverlap } from "../../kernel/log-stretch.ts";
import { refKey, type TaskRef } from "../../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";
import { addChunks, type FileState, readBeyond, readState } from "./attempt-file.ts";

/** Attempts whose file is remembered; others are read again when they go on. */
const REMEMBERED = 10_000;

/**
 * Output as one file an attempt under a directory, in 256 folders. Survives a crash in the midst of an append: what was
 * acknowledged is on the disk, what was torn is cut off when the attempt goes on.
 */
export async function openDirectoryBlobs(path: string): Promise<Blobs> {
  const root = resolve(path);
  makeDirectory(root, 0o700);
  const known = new Map<string, FileState>();
  let last: Promise<unknown> = Promise.resolve();

  /** Changes go one after the other: two appends to one file would write over each other. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const done = last.then(change);
    last = done.catch(() => {});
    return done;
  };

  async function append(chunks: readonly LogChunk[]): Promise<void> {
    for (const [file, group] of byFile(root, chunks)) {
      const state = known.get(file) ?? (await readState(file));
      // Forgotten first: after a failed append the file is read anew.
      known.delete(file);
      const next = await addChunks(file, state, group);
      if (known.size >= REMEMBERED) known.clear();
      known.set(file, next);
    }
  }

  async function prune(before: number): Promise<number> {
    let freed = 0;
    for await (const folder of await opendir(root)) {
      if (!folder.isDirectory()) continue;
      for await (const entry of await opendir(join(root, folder.name))) {
        if (!entry.name.endsWith(".log")) continue;
        const file = join(root, folder.name, entry.name);
        const { mtimeMs, size } = await stat(file);
        if (Math.round(mtimeMs) >= before) continue;
        await rm(file);
        known.delete(file);
        freed += size;
      }
    }
    return freed;
  }

  return {
    append: (chunks) => inTurn(() => append(chunks)),
    async read(ref, attempt, offset, maxBytes) {
      const records = await readBeyond(fileOf(root, ref, attempt), offset, maxBytes);
      return firstBytes(withoutOverlap(records), maxBytes).map((record) => ({ ref, attempt, ...record }));
    },
    prune: (before) => inTurn(() => prune(before)),
    async close() {
      await last;
    },
  };
}

function byFile(root: string, chunks: readonly LogChunk[]): Map<string, LogChunk[]> {
  const groups = new Map<string, LogChunk[]>();
  for (const chunk of chunks) {
    const file = fileOf(root, chunk.ref, chunk.attempt);
    const group = groups.get(file);
    if (group === undefined) groups.set(file, [chunk]);
    else group.push(chunk);
  }
  return groups;
}

function fileOf(root: string, ref: TaskRef, attempt: number): string {
  return join(root, (ref.seq % 256).toString(16).padStart(2, "0"), `${refKey(ref)}.${attempt}.log`);
}
