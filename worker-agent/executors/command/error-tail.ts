import { oneLine } from "../../text.ts";

/** Bytes of standard error that are looked through for its last line. */
const KEPT_BYTES = 2048;
const LINE_BYTES = 500;

export interface ErrorTail {
  push(data: Uint8Array): void;
  /** The last line that is not empty, cut to 500 bytes. */
  lastLine(): string;
}

export function createErrorTail(): ErrorTail {
  let kept: Uint8Array = new Uint8Array(0);
  return {
    push(data) {
      kept = data.length >= KEPT_BYTES ? data.slice(-KEPT_BYTES) : Buffer.concat([kept, data]).subarray(-KEPT_BYTES);
    },
    lastLine: () => lastLine(kept),
  };
}

export function lastLine(text: Uint8Array): string {
  const lines = Buffer.from(text).toString("utf8").split("\n");
  return oneLine(lines.findLast((line) => line.trim() !== "") ?? "", LINE_BYTES);
}
