import { type StatusCode, TssError } from "../../proto/errors.ts";
import type { JsonObject } from "../json/parse-json.ts";
import { withoutBlame } from "./own-fault.ts";
import { restSentence, violationsJson } from "./rest-fields.ts";

/** HTTP statuses of the contract's codes. */
export const HTTP_STATUS: Readonly<Record<StatusCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 409,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** What goes wrong before a call is made: its own status, and a code for programs. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "HttpProblem";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 9457. */
  readonly body: JsonObject;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not authenticated",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  408: "Too slow",
  409: "Conflict",
  413: "Too large",
  414: "Address too long",
  415: "Wrong content type",
  429: "Too many requests",
  431: "Headers too large",
  499: "Cancelled by the caller",
  500: "Fault of TSS",
  501: "Not part of this version",
  503: "Not available",
  504: "Not answered in time",
};

/** Any error as a problem document; one that is neither of the two kinds is a fault of TSS and told without its text. */
export function toProblem(thrown: unknown, requestId: string): ProblemAnswer {
  const error = thrown instanceof TssError ? withoutBlame(thrown) : thrown;
  if (error instanceof HttpProblem)
    return answer(error.status, error.code, error.message, requestId, { headers: error.headers });
  if (error instanceof TssError) {
    const headers: Record<string, string> = {};
    if (error.code === "UNAUTHENTICATED") headers["www-authenticate"] = 'Bearer realm="tss"';
    if (error.retryAfterMs !== undefined)
      headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
    return answer(HTTP_STATUS[error.code], error.code, error.message, requestId, { headers, error });
  }
  return answer(500, "INTERNAL", `The gateway failed; its log says why under the request id ${requestId}.`, requestId, {
    headers: {},
  });
}

function answer(
  status: number,
  code: string,
  detail: string,
  requestId: string,
  { headers, error }: { headers: Readonly<Record<string, string>>; error?: TssError },
): ProblemAnswer {
  // What the gateway found itself has the names the caller gave.
  const own = error?.reason === "INVALID_JSON";
  const violations = own ? error.violations : violationsJson(error?.violations ?? []);
  const sentence = own ? detail : restSentence(detail, error?.violations ?? []);
  const body: JsonObject = {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    detail: sentence,
    code,
    requestId,
  };
  if (error !== undefined && error.reason !== error.code) body["reason"] = error.reason;
  if (violations.length > 0) body["violations"] = violations.map(({ field, description }) => ({ field, description }));
  if (error?.retryAfterMs !== undefined) body["retryAfter"] = error.retryAfterMs / 1_000;
  return { status, headers, body };
}
