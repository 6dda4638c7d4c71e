import type { Logger } from "./logger.ts";

/** A task as a trace sees it. */
export interface TracedTask {
  readonly id: string;
  /** "": the queue `default`, which a spec need not name. */
  readonly queue: string;
  /** Handler name; "" for commands. */
  readonly type: string;
  /** What the client sent as traceparent; "": nothing. */
  readonly traceparent: string;
  /** Id of the first task when this one is a retry of another, where that is known; absent: its own id. */
  readonly rootId?: string;
}

export interface TracedAttempt {
  readonly attempt: number;
  /** Session id of the worker. */
  readonly workerId: string;
}

/** How something ended: without `error` it went well. */
export interface TracedEnd {
  /** A reason in lower case, e.g. `exit_code`. */
  readonly error?: string;
  /** ms since 1970; absent: now. */
  readonly at?: number;
}

/** An attempt that runs. */
export interface OpenSpan {
  /** For the attempt's own spans, e.g. as TRACEPARENT of a command; "" when tracing is off. */
  readonly traceparent: string;
  end(end: TracedEnd): void;
}

/** A request at the gateway. */
export interface TracedRequest {
  readonly method: string;
  /** As its route is written, e.g. `/task/query/{id}`. */
  readonly route: string;
  readonly requestId: string;
  /** What the client sent as traceparent; "": nothing. */
  readonly traceparent: string;
}

/** A request that is being served. */
export interface OpenRequest {
  /** For what the request sets off; "" when tracing is off. */
  readonly traceparent: string;
  /** @param status of the answer; 0: the client went before there was one. */
  end(status: number): void;
}

/** Spans of tasks and of the requests that they come from. Every method is cheap and never throws; times are ms since 1970. */
export interface TaskTracer {
  /** False: nothing is recorded, and callers may save themselves the work. */
  readonly enabled: boolean;
  /** `{method} {route}`: a request from its arrival to its answer. */
  serve(request: TracedRequest, startedAt: number): OpenRequest;
  /** `send {queue}`: from the submit's arrival to its commit. */
  send(task: TracedTask, startedAt: number, end: TracedEnd): void;
  /** `process {queue}`: one attempt, linked to `send`. */
  process(task: TracedTask, attempt: TracedAttempt, startedAt: number): OpenSpan;
  /** `settle {queue}`: from a report's arrival to its commit. */
  settle(task: TracedTask, attempt: TracedAttempt, startedAt: number, end: TracedEnd): void;
  /** Sends what is recorded, for at most 2 s: the supervisor of a process that ends is waiting. */
  close(): Promise<void>;
}

const NO_SPAN = { traceparent: "", end() {} };

/** Records nothing. */
export const noTracer: TaskTracer = {
  enabled: false,
  serve: () => NO_SPAN,
  send() {},
  process: () => NO_SPAN,
  settle() {},
  close: async () => {},
};

export interface TracingOptions {
  /** `service.name` where OTEL_SERVICE_NAME is not set, e.g. `tss-coordinator`. */
  readonly service: string;
  readonly version: string;
  readonly logger: Logger;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * A tracer that exports over OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is set, and one that
 * records nothing otherwise. The packages of OpenTelemetry are loaded only in the first case; they read the other OTEL_*
 * variables (headers, sampler, limits) themselves.
 */
export async function createTaskTracer(options: TracingOptions): Promise<TaskTracer> {
  const { environment = process.env } = options;
  const endpoint = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (!endpoint || environment["OTEL_SDK_DISABLED"] === "true") return noTracer;
  const { startOtlpTracer } = await import("./tracing-otlp.ts");
  return startOtlpTracer(options);
}
