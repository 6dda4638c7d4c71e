import type { TaskSpec } from "../../proto/gen/tss/v1/task_pb.js";
import { formatTraceparent, parseTraceparent } from "../../runtime/traceparent.ts";
import type { TaskTracer } from "../../runtime/tracing.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Begins the span of a request, which ends with its answer. The request's `traceparent` is the span's from now on, so that
 * what it sets off is part of the same trace, below it.
 * @param startedAt when the request came, ms since 1970.
 */
export function traceRequest(tracer: TaskTracer, exchange: Exchange, startedAt: number): void {
  if (!tracer.enabled) return;
  const { request, response, route, requestId } = exchange;
  const { method = "", headers } = request;
  const span = tracer.serve({ method, route, requestId, traceparent: one(headers["traceparent"]) }, startedAt);
  headers["traceparent"] = span.traceparent;
  response.once("close", () => span.end(response.headersSent ? response.statusCode : 0));
}

/** Tasks go on with the trace of the request unless they name another. What is no traceparent is left out. */
export function takeTraceparent(specs: readonly TaskSpec[], header: string | string[] | undefined): void {
  const parent = parseTraceparent(one(header));
  if (parent === undefined) return;
  const traceparent = formatTraceparent(parent);
  for (const spec of specs) if (spec.traceparent === "") spec.traceparent = traceparent;
}

function one(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}
