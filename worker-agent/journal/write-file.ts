import { closeSync, fchownSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Owner } from "./given-folder.ts";

const PRIVATE = 0o600;

/** Writes the whole file or nothing, and returns when it would survive a power cut. */
export async function writeDurably(path: string, data: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", PRIVATE);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The same as `writeWhole` in a folder that may belong to another user, who is given the file and cannot lead it elsewhere. */
export function writeWholeFor(owner: Owner | undefined, path: string, data: string): void {
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  // A link that is there by now is not followed.
  const file = openSync(temporary, "wx", PRIVATE);
  try {
    writeSync(file, data);
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** Writes the whole file or nothing as far as this process may die; a power cut may lose it. */
export function writeWhole(path: string, data: string): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", PRIVATE);
  try {
    writeSync(file, data);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
