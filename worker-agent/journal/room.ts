import { statfsSync } from "node:fs";

/** Less than this could not hold the output and outcomes of what runs. */
const ROOM_BYTES = 64 * 1024 * 1024;

/** Whether the disk has room for another attempt. A system that does not say counts as one that has. */
export function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return true;
  }
}
