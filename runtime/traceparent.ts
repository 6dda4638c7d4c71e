import { createHash } from "node:crypto";

/** A place in a trace, as W3C Trace Context writes it. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all 0. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all 0. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined for a text that is no traceparent; one of a later version is read as version 00. */
export function parseTraceparent(text: string): TraceParent | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** 55 characters. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/**
 * The ids of the `send` span of a task, and of its trace when the client named none. They follow from the task's id, so
 * every process knows them without a word kept in the database.
 */
export function traceOfTask(taskId: string): { readonly traceId: string; readonly spanId: string } {
  const hash = createHash("sha256").update(taskId).digest("hex");
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
}
