import type { WriteStream } from "node:tty";

/** Columns of a terminal, at least 40; undefined when the stream is none. */
export function terminalWidth(stream: Pick<WriteStream, "isTTY" | "columns">): number | undefined {
  return stream.isTTY ? Math.max(40, stream.columns || 80) : undefined;
}
