import { createHash } from "node:crypto";

/** What differs between failures of the same kind, most telling first; each is replaced by its name. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?/g, "<time>"],
  [/\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b/g, "<email>"],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>)]+/gi, "<url>"],
  [/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, "<ip>"],
  [/(?<![\w/])\[?(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}\]?/gi, "<ip>"],
  [/"(?:[^"\\]|\\.){0,500}"/g, "<text>"],
  [/(?<!\w)'(?:[^'\\]|\\.){0,500}'/g, "<text>"],
  [/(?<!\w)`[^`]{0,500}`/g, "<text>"],
  [/(?<![\w<])(?:~|\.{1,2})?(?:\/[\w.@%+-]+){2,}\/?/g, "<path>"],
  [/\b[A-Z]:\\[^\s"'<>|]+/g, "<path>"],
  [/\b0x[0-9a-f]+\b/gi, "<hex>"],
  [/\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/gi, "<hex>"],
  // An id: long, with digits among its letters.
  [/\b(?=\w*\d)(?=\w*[a-z_])\w{16,}\b/gi, "<id>"],
  [/[+-]?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?/gi, "<n>"],
];

/** How much of an error text is looked at, and how long a title may be; characters. */
const LOOKED_AT = 2_000;
const TITLE = 200;

/** The first line of an error text without numbers, ids, quoted values, addresses and paths. */
export function normaliseError(text: string): string {
  let line =
    text
      .slice(0, LOOKED_AT)
      .split(/\r?\n/)
      .find((part) => part.trim() !== "") ?? "";
  for (const [pattern, name] of PATTERNS) line = line.replace(pattern, name);
  line = line.replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= TITLE ? line : `${characters.slice(0, TITLE - 1).join("")}…`;
}

export interface FailureKind {
  readonly queue: string;
  readonly type: string;
  /** TaskReason. */
  readonly reason: number;
  readonly errorType: string;
  /** Normalised. */
  readonly title: string;
}

/** 16 hexadecimal digits; kept in databases: how it is made never changes. */
export function fingerprintOf({ queue, type, reason, errorType, title }: FailureKind): string {
  const parts = [queue, type, String(reason), errorType, title];
  return createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, 16);
}
