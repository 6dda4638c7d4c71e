import type { PayloadJson } from "../../../../proto/gen/tss/v1/task_pb.js";

export interface ReadPayload {
  /** Pretty JSON, text, or undefined for bytes that are no text. */
  readonly text: string | undefined;
  readonly bytes: Uint8Array;
  /** `application/json`, with the codecs that were applied. */
  readonly about: string;
}

/** A payload as it can be shown: JSON in lines, text as it is; what a codec has changed is not guessed at. */
export function readPayload(payload: PayloadJson): ReadPayload {
  const bytes = Uint8Array.from(atob(payload.data ?? ""), (character) => character.charCodeAt(0));
  const encodings = payload.encodings ?? [];
  const type = payload.contentType || "application/json";
  const about = [type, ...encodings].join(", then ");
  if (encodings.length > 0) return { text: undefined, bytes, about };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { text: undefined, bytes, about };
  }
  return { text: type.includes("json") ? indentJson(text) : text, bytes, about };
}

/**
 * JSON in indented lines, from its text and not from its value: numbers that JavaScript would round stay as they were written.
 * Text that is no JSON stays as it is.
 */
export function indentJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === "{" || token === "[") {
      depth++;
      out += token + line();
    } else if (token === "}" || token === "]") {
      depth--;
      const empty = /[{[]\s*$/.test(out);
      out = empty ? out.trimEnd() + token : out + line() + token;
    } else if (token === ",") out += token + line();
    else out += token === ":" ? ": " : token;
  }
  return out;
}

/** Bytes as sixteen to a line, with their places. */
export function hexDump(bytes: Uint8Array, limit = 4_096): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, limit); at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  if (bytes.length > limit) lines.push(`… ${(bytes.length - limit).toLocaleString("en")} more bytes`);
  return lines.join("\n");
}
