import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { OverviewSchema, StatsDeltaSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { LogStream, type TailLogsResponse, WatchTasksResponseSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import { toJson } from "../json/to-json.ts";
import { outputFrame } from "../live/output-frame.ts";
import { type RouteContext, taskClient } from "./context.ts";

/** A comment now and then keeps proxies from closing a quiet stream. */
const PING_MS = 15_000;

/** How long an EventSource waits before it comes back, ms. */
const RETRY_MS = 1_000;

export function streamRoutes(context: RouteContext): Route[] {
  return [
    { method: "GET", path: "/task/watch/{id}", query: [], handle: (exchange) => watch(context, exchange) },
    {
      method: "GET",
      path: "/task/logs/{id}",
      query: ["follow", "attempt", "offset", "stream"],
      handle: (exchange) => logs(context, exchange),
    },
    { method: "GET", path: "/stats/watch", query: ["cursor"], handle: (exchange) => watchStats(context, exchange) },
  ];
}

async function watch(context: RouteContext, exchange: Exchange): Promise<void> {
  const signal = AbortSignal.any([exchange.signal, context.draining]);
  const { headers } = exchange.callOptions;
  const stream = taskClient(context).watchTasks({ id: exchange.params["id"] as string }, { headers, signal });
  const events = await EventStream.open(exchange, stream);
  for await (const message of events) {
    const { task } = toJson(WatchTasksResponseSchema, message);
    if (task !== undefined && !(await events.send("task", message.cursor, JSON.stringify(task)))) return;
  }
  await events.finish(!context.draining.aborted);
}

/** Events `snapshot` and `delta`; an EventSource that comes back goes on where it was. */
async function watchStats(context: RouteContext, exchange: Exchange): Promise<void> {
  const signal = AbortSignal.any([exchange.signal, context.draining]);
  const { headers } = exchange.callOptions;
  const resume = exchange.request.headers["last-event-id"];
  const cursor = typeof resume === "string" ? resume : (exchange.url.searchParams.get("cursor") ?? "");
  const stream = context.connection.service(StatsService).watchStats({ cursor }, { headers, signal });
  const events = await EventStream.open(exchange, stream);
  for await (const { frame, cursor } of events) {
    if (frame.case === undefined) continue;
    const json =
      frame.case === "snapshot" ? toJson(OverviewSchema, frame.value) : toJson(StatsDeltaSchema, frame.value);
    if (!(await events.send(frame.case, cursor, JSON.stringify(json)))) return;
  }
  await events.finish(false);
}

async function logs(context: RouteContext, exchange: Exchange): Promise<void> {
  const { searchParams } = exchange.url;
  const asEvents = exchange.request.headers.accept?.includes("text/event-stream") ?? false;
  const resume = exchange.request.headers["last-event-id"];
  const [lastAttempt, lastOffset] = typeof resume === "string" ? resume.split(":").map(Number) : [];
  const signal = AbortSignal.any([exchange.signal, context.draining]);
  const { headers } = exchange.callOptions;
  const all = taskClient(context).tailLogs(
    {
      id: exchange.params["id"] as string,
      attempt: lastAttempt ?? integer(searchParams.get("attempt"), "attempt"),
      offset: BigInt(lastOffset ?? integer(searchParams.get("offset"), "offset")),
      follow: flag(searchParams.get("follow"), "follow"),
    },
    { headers, signal },
  );
  const wanted = streamOf(searchParams.get("stream"));
  const stream = wanted === undefined ? all : only(all, wanted);
  if (asEvents) {
    const events = await EventStream.open(exchange, stream);
    for await (const chunk of events) {
      const next = `${chunk.attempt}:${Number(chunk.offset) + chunk.data.length}`;
      if (!(await events.send(chunk.end ? "end" : "output", next, JSON.stringify(outputFrame(chunk))))) return;
    }
    return events.finish(!context.draining.aborted);
  }
  await plainLogs(exchange, stream);
}

/** The bytes as they were written, both streams in the order they came. */
async function plainLogs(
  exchange: Exchange,
  stream: AsyncIterable<{ data: Uint8Array; elidedBytes: bigint }>,
): Promise<void> {
  const [first, rest] = await begin(stream);
  exchange.response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  exchange.response.flushHeaders();
  const all = async function* () {
    if (first !== undefined) yield first;
    yield* rest;
  };
  for await (const { data, elidedBytes } of all()) {
    if (elidedBytes > 0n && !(await exchange.write(`\n[… ${elidedBytes} bytes were not kept …]\n`))) return;
    if (data.length > 0 && !(await exchange.write(data))) return;
  }
  exchange.response.end();
}

/** Waits for the first message, so that an error still gets its status and problem document. */
async function begin<T>(stream: AsyncIterable<T>): Promise<[T | undefined, AsyncIterable<T>]> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  const rest = {
    [Symbol.asyncIterator]: () => ({
      next: () => iterator.next(),
      return: () => iterator.return?.() ?? Promise.resolve({ done: true as const, value: undefined as never }),
    }),
  };
  return first.done ? [undefined, rest as AsyncIterable<T>] : [first.value, rest as AsyncIterable<T>];
}

/** Server-sent events of one stream. */
class EventStream<T> implements AsyncIterable<T> {
  readonly #exchange: Exchange;
  readonly #first: T | undefined;
  readonly #rest: AsyncIterable<T>;
  readonly #ping: NodeJS.Timeout;

  private constructor(exchange: Exchange, first: T | undefined, rest: AsyncIterable<T>) {
    this.#exchange = exchange;
    this.#first = first;
    this.#rest = rest;
    this.#ping = setInterval(() => exchange.response.write(": still here\n\n"), PING_MS);
    exchange.signal.addEventListener("abort", () => clearInterval(this.#ping), { once: true });
  }

  static async open<T>(exchange: Exchange, stream: AsyncIterable<T>): Promise<EventStream<T>> {
    const [first, rest] = await begin(stream);
    exchange.response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    exchange.response.write(`retry: ${RETRY_MS}\n\n`);
    return new EventStream(exchange, first, rest);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    if (this.#first !== undefined) yield this.#first;
    try {
      yield* this.#rest;
    } catch (error) {
      // The status is long sent: the client comes back where it was.
      if (!this.#exchange.signal.aborted)
        await this.send("error", "", JSON.stringify({ detail: (error as Error).message }));
    }
  }

  send(event: string, id: string, data: string): Promise<boolean> {
    return this.#exchange.write(`event: ${event}\n${id === "" ? "" : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** @param over nothing more comes: an EventSource need not come back. */
  async finish(over: boolean): Promise<void> {
    clearInterval(this.#ping);
    if (over) await this.#exchange.write("event: close\ndata: {}\n\n");
    this.#exchange.response.end();
  }
}

function flag(text: string | null, name: string): boolean {
  if (text === "1" || text === "true") return true;
  if (text === null || text === "" || text === "0" || text === "false") return false;
  throw new HttpProblem(400, "INVALID_ARGUMENT", `${name} must be 1 or 0.`);
}

function streamOf(text: string | null): LogStream | undefined {
  if (text === null || text === "" || text === "both") return undefined;
  if (text === "stdout") return LogStream.STDOUT;
  if (text === "stderr") return LogStream.STDERR;
  throw new HttpProblem(400, "INVALID_ARGUMENT", "stream must be stdout, stderr or both.");
}

/** Places go on counting both streams, so that a follower can come back. */
async function* only(chunks: AsyncIterable<TailLogsResponse>, wanted: LogStream): AsyncIterable<TailLogsResponse> {
  for await (const chunk of chunks) if (chunk.end || chunk.stream === wanted) yield chunk;
}

function integer(text: string | null, name: string): number {
  if (text === null || text === "") return 0;
  if (!/^\d{1,15}$/.test(text))
    throw new HttpProblem(400, "INVALID_ARGUMENT", `${name} must be a whole number from 0.`);
  return Number(text);
}
