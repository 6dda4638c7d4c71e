import { appendFile, mkdir, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { refKey, type TaskRef } from "../../kernel/task-ref.ts";
import type { Blobs, LogChunk } from "../../ports/blobs.ts";
import { readRecords, writeRecord } from "./record.ts";

/** Attempts whose place is remembered; others are read from their file when they go on. */
const REMEMBERED = 10_000;

/** Output as one file an attempt under a directory, in 256 folders. Survives a crash in the midst of an append. */
export async function openDirectoryBlobs(path: string): Promise<Blobs> {
  const root = resolve(path);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const ends = new Map<string, number>();

  /** First byte after what the file holds; a torn end is cut off before anything is added. */
  const endOf = async (file: string): Promise<number> => {
    const known = ends.get(file);
    if (known !== undefined) return known;
    const content = await readOrNull(file);
    if (content === null) return 0;
    const { records, bytes } = readRecords(content);
    if (bytes < content.length) await truncate(file, bytes);
    const last = records.at(-1);
    return last === undefined ? 0 : last.offset + last.data.length;
  };

  return {
    async append(chunks) {
      for (const [file, group] of groupByFile(root, chunks)) {
        let end = await endOf(file);
        const fresh: Buffer[] = [];
        for (const chunk of group) {
          const after = chunk.offset + chunk.data.length;
          if (after <= end) continue;
          fresh.push(writeRecord(chunk));
          end = after;
        }
        if (fresh.length === 0) continue;
        // Forgotten first: after a failed append the file is read anew.
        ends.delete(file);
        await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
        await appendFile(file, Buffer.concat(fresh), { mode: 0o600 });
        if (ends.size >= REMEMBERED) ends.clear();
        ends.set(file, end);
      }
    },
    async read(ref, attempt, offset, maxBytes) {
      const content = await readOrNull(fileOf(root, ref, attempt));
      if (content === null) return [];
      const chunks: LogChunk[] = [];
      let bytes = 0;
      for (const record of readRecords(content).records) {
        if (record.offset + record.data.length <= offset) continue;
        if (chunks.length > 0 && bytes + record.data.length > maxBytes) break;
        bytes += record.data.length;
        chunks.push({ ref, attempt, ...record });
      }
      return chunks;
    },
    async prune(before) {
      let freed = 0;
      for (const folder of await readdir(root)) {
        for (const name of await readdir(join(root, folder))) {
          const file = join(root, folder, name);
          const { mtimeMs, size } = await stat(file);
          if (mtimeMs >= before) continue;
          await rm(file);
          ends.delete(file);
          freed += size;
        }
      }
      return freed;
    },
    async close() {},
  };
}

function groupByFile(root: string, chunks: readonly LogChunk[]): Map<string, LogChunk[]> {
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

async function readOrNull(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
