/** Canonical status names of gRPC that TSS answers with; the number is the code on the wire. */
export const STATUS_CODES = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusCode = keyof typeof STATUS_CODES;

/** One field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Path in proto field names, e.g. `tasks[3].name`. */
  readonly field: string;
  /** One sentence: what is wrong and what is allowed. */
  readonly description: string;
}

export interface ErrorDetails {
  /** Stable name for programs (`google.rpc.ErrorInfo.reason`), UPPER_SNAKE_CASE. */
  readonly reason?: string;
  readonly violations?: readonly FieldViolation[];
  /** The caller may try again after this long, in milliseconds (`google.rpc.RetryInfo`). */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An error whose message is meant for the person who called: one sentence that says what, where and what to do. */
export class TssError extends Error {
  readonly code: StatusCode;
  readonly reason: string;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;

  constructor(code: StatusCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "TssError";
    this.code = code;
    this.reason = details.reason ?? code;
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Reasons beside DEADLINE_EXCEEDED that leave open whether a request was carried out. */
const IN_DOUBT: ReadonlySet<string> = new Set(["STORE_IN_DOUBT", "CONNECTION_LOST"]);

/** Whether what was asked for may have happened, or may still: who asks again should do it so that it happens once. */
export function isInDoubt(error: unknown): error is TssError {
  return error instanceof TssError && (error.code === "DEADLINE_EXCEEDED" || IN_DOUBT.has(error.reason));
}

export function statusName(code: number): StatusCode {
  for (const [name, value] of Object.entries(STATUS_CODES)) if (value === code) return name as StatusCode;
  return "UNKNOWN";
}
