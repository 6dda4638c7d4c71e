import { LIMITS } from "../../../proto/limits.ts";
import { cutText } from "../../text.ts";

/** What a command says on its progress descriptor. */
export type ControlEvent =
  | { readonly kind: "progress"; readonly percent: number; readonly message: string }
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "heartbeat" };

export interface ControlLines {
  push(data: Uint8Array): void;
  /** The last line may lack its end. */
  end(): void;
}

/** A longer line is cut: nobody may fill the agent's memory with one. */
const LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Cuts bytes into lines and tells what each says. */
export function createControlLines(tell: (event: ControlEvent) => void): ControlLines {
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    const room = part.subarray(0, Math.max(0, LINE_BYTES - length));
    if (room.length > 0) parts.push(room);
    length += room.length;
  };
  const close = (): void => {
    const text = Buffer.concat(parts, length).toString("utf8").trim();
    parts = [];
    length = 0;
    if (text !== "") tell(readControlLine(text));
  };
  return {
    push(data) {
      let start = 0;
      for (let end = data.indexOf(LINE_FEED); end >= 0; end = data.indexOf(LINE_FEED, start)) {
        add(data.subarray(start, end));
        close();
        start = end + 1;
      }
      add(data.subarray(start));
    },
    end: close,
  };
}

/** One line: `{"progress":40,"message":"resizing"}`, `{"message":"text"}`, `{}` as a sign of life. Anything else is text. */
export function readControlLine(line: string): ControlEvent {
  const fields = parseObject(line);
  const said = fields?.["message"];
  const message = typeof said === "string" ? cutText(said, LIMITS.progressMessageBytes) : undefined;
  const progress = fields?.["progress"];
  if (typeof progress === "number")
    return { kind: "progress", percent: Math.min(100, Math.max(0, progress)), message: message ?? "" };
  if (message !== undefined) return { kind: "message", text: message };
  if (fields !== undefined && Object.keys(fields).length === 0) return { kind: "heartbeat" };
  return { kind: "message", text: cutText(line, LIMITS.progressMessageBytes) };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
