import { once } from "node:events";
import type { Writable } from "node:stream";

/** Writes and, when the reader is slow, waits for it; a closed reader counts as done. */
export async function writeAll(stream: Writable, data: string | Uint8Array): Promise<void> {
  if (stream.destroyed || stream.write(data)) return;
  const closed = new AbortController();
  const onClose = () => closed.abort();
  stream.once("close", onClose);
  try {
    await once(stream, "drain", { signal: closed.signal });
  } catch {
    // Closed: main.ts ends the program for a broken pipe.
  } finally {
    stream.removeListener("close", onClose);
  }
}
