import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator } from "@opentelemetry/sdk-trace-base";
import type { Logger } from "./logger.ts";
import { formatTraceparent, parseTraceparent, traceOfTask } from "./traceparent.ts";
import type { OpenSpan, TaskTracer, TracedAttempt, TracedEnd, TracedTask, TracingOptions } from "./tracing.ts";
import { within } from "./wait.ts";

const CLOSE_MS = 2_000;
/** Between two exports where OTEL_BSP_SCHEDULE_DELAY says nothing. */
const EXPORT_MS = 1_000;
const DEFAULT_QUEUE = "default";
const COMPLAIN_MS = 60_000;

/** Ids that the next span must have; every other span gets random ones. */
class ChosenIds extends RandomIdGenerator {
  next: { readonly traceId: string; readonly spanId: string } | null = null;

  constructor() {
    super();
    const { generateTraceId, generateSpanId } = this;
    this.generateTraceId = () => this.next?.traceId ?? generateTraceId();
    this.generateSpanId = () => this.next?.spanId ?? generateSpanId();
  }
}

/** Exports spans over OTLP/HTTP as the OTEL_* variables say. */
export function startOtlpTracer({ service, version, logger, environment = process.env }: TracingOptions): TaskTracer {
  complainTo(logger);
  const ids = new ChosenIds();
  const name = environment["OTEL_SERVICE_NAME"] || service;
  const pace = environment["OTEL_BSP_SCHEDULE_DELAY"] ? {} : { scheduledDelayMillis: EXPORT_MS };
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: defaultResource().merge(resourceFromAttributes({ "service.name": name, "service.version": version })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), pace)],
  });
  const tracer = provider.getTracer("tss", version);

  const start = (operation: Operation, task: TracedTask, startTime: number, attributes: Attributes): Span => {
    const links = operation === "send" ? [] : [linkTo(task)];
    const options = {
      kind: KINDS[operation],
      startTime,
      links,
      attributes: { ...attributesOf(operation, task), ...attributes },
    };
    return tracer.startSpan(`${operation} ${task.queue || DEFAULT_QUEUE}`, options, parentOf(task, operation));
  };

  /** What the client named; without it `send` is a root, and the others are its children. */
  const parentOf = (task: TracedTask, operation: Operation): Context => {
    const client = callerOf(task);
    if (client !== undefined) return client;
    if (operation === "send") return ROOT_CONTEXT;
    const { traceId, spanId } = traceOfTask(task.id);
    // Whether the root was sampled is not known here: the sampler is asked again, of the same trace. Never ended, the
    // span it gives is not exported.
    const sampled = chosen(task, () => tracer.startSpan("send", { root: true })).spanContext().traceFlags;
    return remote(traceId, spanId, (sampled & TraceFlags.SAMPLED) !== 0);
  };

  const chosen = <T>(task: TracedTask, make: () => T): T => {
    ids.next = traceOfTask(task.id);
    try {
      return make();
    } finally {
      ids.next = null;
    }
  };

  return {
    enabled: true,
    serve(request, startedAt) {
      const { method, route, requestId } = request;
      const attributes = { "http.request.method": method, "http.route": route, "tss.request.id": requestId };
      const options = { kind: SpanKind.SERVER, startTime: startedAt, attributes };
      const span = tracer.startSpan(`${method} ${route}`, options, callerOf(request) ?? ROOT_CONTEXT);
      return { traceparent: placeOf(span), end: (status) => finishRequest(span, status) };
    },
    send: (task, startedAt, end) =>
      finish(
        chosen(task, () => start("send", task, startedAt, {})),
        end,
      ),
    process(task, attempt, startedAt): OpenSpan {
      const span = start("process", task, startedAt, ofAttempt(attempt));
      return { traceparent: placeOf(span), end: (end) => finish(span, end) };
    },
    settle: (task, attempt, startedAt, end) => finish(start("settle", task, startedAt, ofAttempt(attempt)), end),
    async close() {
      await within(provider.shutdown(), CLOSE_MS).catch((error: Error) =>
        logger.warn({ error: error.message }, "the last spans could not be exported"),
      );
    },
  };
}

type Operation = "send" | "process" | "settle";

const KINDS = { send: SpanKind.PRODUCER, process: SpanKind.CONSUMER, settle: SpanKind.CLIENT } as const;

function attributesOf(operation: Operation, task: TracedTask): Attributes {
  return {
    "messaging.system": "tss",
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "messaging.destination.name": task.queue || DEFAULT_QUEUE,
    "messaging.message.id": task.id,
    "messaging.message.conversation_id": task.rootId ?? task.id,
    ...(task.type === "" ? {} : { "tss.task.type": task.type }),
  };
}

function ofAttempt({ attempt, workerId }: TracedAttempt): Attributes {
  return { "tss.attempt": attempt, "messaging.client.id": workerId };
}

/** What the client named as its place in a trace. */
function callerOf({ traceparent }: { readonly traceparent: string }): Context | undefined {
  const caller = parseTraceparent(traceparent);
  return caller === undefined ? undefined : remote(caller.traceId, caller.spanId, caller.sampled);
}

function placeOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

/** As HTTP's conventions have it, what the client did wrong is no error of the server. */
function finishRequest(span: Span, status: number): void {
  if (status > 0) span.setAttribute("http.response.status_code", status);
  finish(span, status === 0 ? { error: "client_gone" } : status >= 500 ? { error: String(status) } : {});
}

function finish(span: Span, { error, at }: TracedEnd): void {
  if (error !== undefined) {
    span.setAttribute("error.type", error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  }
  span.end(at);
}

function linkTo(task: TracedTask): Link {
  const { traceId, spanId } = traceOfTask(task.id);
  const named = parseTraceparent(task.traceparent);
  const traceFlags = TraceFlags.SAMPLED;
  return { context: { traceId: named?.traceId ?? traceId, spanId, traceFlags, isRemote: true } };
}

function remote(traceId: string, spanId: string, sampled: boolean): Context {
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** A collector that is away must be heard of, but not every second. */
function complainTo(logger: Logger): void {
  let quietUntil = 0;
  const say = (message: string): void => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + COMPLAIN_MS;
    logger.warn({ error: message.slice(0, 500) }, "spans could not be exported");
  };
  const silent = (): void => {};
  diag.setLogger(
    { error: say, warn: say, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
