import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { TssError } from "../../proto/errors.ts";
import type { HttpMetrics } from "../../runtime/call-metrics.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { TaskTracer } from "../../runtime/tracing.ts";
import type { Sessions } from "../session/sessions.ts";
import { Exchange } from "./exchange.ts";
import { HttpProblem, toProblem } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
import { findRoute, type Route } from "./router.ts";
import { traceRequest } from "./trace-request.ts";

export interface AnswererOptions {
  readonly routes: readonly Route[];
  /** Serves `/tss.v1.<Service>/<Method>`. */
  readonly connect: (request: IncomingMessage, response: ServerResponse) => void;
  /** Turns the dashboard's cookie into its key. */
  readonly sessions: Pick<Sessions, "admit">;
  /** The paths that it serves. */
  readonly methods: ReadonlySet<string>;
  readonly tracer: TaskTracer;
  /** Requests a second of one key. */
  readonly rate: number;
  /** Origins whose pages may read answers. */
  readonly origins: readonly string[];
  readonly logger: Logger;
  /** Absent: nobody counts. */
  readonly metrics?: HttpMetrics | undefined;
}

export interface Answerer {
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** What Node could not read as HTTP. */
  clientError(error: NodeJS.ErrnoException, socket: Duplex): void;
}

const URL_BYTES = 8 * 1024;

/** Calls that begin or end a session: whether the browser has one already says nothing. */
const SIGNING: ReadonlySet<string> = new Set(["/session/create", "/session/end"]);

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** Everything around a route: limits, identity of the request, CORS, and errors as problem documents. */
export function createAnswerer(options: AnswererOptions): Answerer {
  const limit = new RateLimit(options.rate);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let exchange: Exchange | undefined;
    const startedAt = Date.now();
    if (options.metrics !== undefined) measure(options.metrics, request, response, () => exchange?.route ?? "none");
    // A client that goes away in the midst of its answer is no error of anybody.
    response.on("error", () => {});
    try {
      if ((request.url?.length ?? 0) > URL_BYTES)
        throw new HttpProblem(414, "URI_TOO_LONG", `The address may have at most ${URL_BYTES} bytes.`);
      exchange = new Exchange(request, response);
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      response.setHeader("x-request-id", exchange.requestId);
      if (allowOrigin(options.origins, request, response)) return;
      if (!SIGNING.has(exchange.url.pathname)) options.sessions.admit(request);
      takeToken(limit, request);
      const { pathname } = exchange.url;
      if (pathname.startsWith("/tss.v1.")) {
        if (options.methods.has(pathname)) {
          exchange.route = pathname;
          traceRequest(options.tracer, exchange, startedAt);
        }
        return options.connect(request, response);
      }
      const route = findRoute(options.routes, exchange);
      if (!route.untraced) traceRequest(options.tracer, exchange, startedAt);
      await route.handle(exchange);
    } catch (error) {
      fail(error, exchange, response, options.logger);
    }
  };
  return Object.assign(answer, { clientError });
}

/** @param route asked for at the end, when it is known. Status 0: the client went before there was an answer. */
function measure(
  metrics: HttpMetrics,
  { method = "" }: IncomingMessage,
  response: ServerResponse,
  route: () => string,
): void {
  const startedAt = performance.now();
  response.once("close", () => {
    metrics.ended(method, route(), response.headersSent ? response.statusCode : 0, performance.now() - startedAt);
  });
}

/** True when the request was a preflight and is answered. */
function allowOrigin(origins: readonly string[], request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !origins.includes(origin)) return false;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "Origin");
  response.setHeader("access-control-expose-headers", "X-Request-Id, Retry-After, Location");
  if (request.method !== "OPTIONS") return false;
  response.writeHead(204, {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers":
      "Authorization, X-API-Key, Content-Type, Idempotency-Key, X-Request-Id, Last-Event-ID, Traceparent, Connect-Protocol-Version, Connect-Timeout-Ms",
    "access-control-max-age": "600",
  });
  response.end();
  return true;
}

/** Calls without a key cost nothing upstream; they are refused where a key is needed. */
function takeToken(limit: RateLimit, request: IncomingMessage): void {
  const { authorization, "x-api-key": apiKey } = request.headers;
  const caller = typeof apiKey === "string" ? apiKey : authorization;
  if (caller !== undefined) limit.take(caller.replace(/^Bearer +/i, ""));
}

function fail(error: unknown, exchange: Exchange | undefined, response: ServerResponse, logger: Logger): void {
  if (exchange?.signal.aborted) return;
  const requestId = exchange?.requestId ?? "-";
  if (!(error instanceof TssError) && !(error instanceof HttpProblem))
    logger.error({ error, requestId, route: exchange?.route }, "a request failed for a reason that is a fault of TSS");
  const problem = toProblem(error, requestId);
  // The status is sent: all that is left is to end the answer short of its end.
  if (response.headersSent) return void response.destroy();
  response.writeHead(problem.status, { "content-type": "application/problem+json; charset=utf-8", ...problem.headers });
  response.end(`${JSON.stringify(problem.body)}\n`);
}

function clientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy();
  const [status, code, detail] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "HEADERS_TOO_LARGE", "The headers may have at most 16 KiB."]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "REQUEST_TIMEOUT", "The request did not arrive in time."]
        : [400, "BAD_REQUEST", "This is not an HTTP request."];
  const body = `${JSON.stringify({ type: "about:blank", title: "Bad request", status, detail, code, requestId: "-" })}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${code}\r\ncontent-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
