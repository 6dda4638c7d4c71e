import { LogStream } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { OutputPiece } from "../../sdk/typescript/client/follow-output.ts";
import { createTerminalFilter } from "../render/terminal-filter.ts";
import { sizeText } from "../render/time.ts";
import { writeAll } from "../write-all.ts";

/** Writes a task's output: stdout to stdout, stderr to stderr. */
export interface OutputWriter {
  write(piece: OutputPiece): Promise<void>;
  /** After the last piece. */
  end(): Promise<void>;
}

/** Bytes go out as they are, but a terminal gets them without the escape sequences that could act on it. */
export function createOutputWriter(wanted: { readonly stdout: boolean; readonly stderr: boolean }): OutputWriter {
  const out = createSink(process.stdout);
  const err = createSink(process.stderr);
  return {
    async write(piece) {
      const isErr = piece.stream === LogStream.STDERR;
      if (isErr ? !wanted.stderr : !wanted.stdout) return;
      if (piece.elidedBytes > 0)
        await writeAll(process.stderr, `\ntss: ${sizeText(piece.elidedBytes)} of output were not kept here\n`);
      await (isErr ? err : out).write(piece.data);
    },
    async end() {
      await out.end();
      await err.end();
    },
  };
}

function createSink(stream: NodeJS.WriteStream) {
  if (!stream.isTTY) return { write: (data: Uint8Array) => writeAll(stream, data), end: async () => {} };
  const filter = createTerminalFilter();
  return {
    write: (data: Uint8Array) => writeAll(stream, filter.push(data)),
    end: () => writeAll(stream, filter.end()),
  };
}
