import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TssError } from "../proto/errors.ts";
import { createHttpMetrics } from "../runtime/call-metrics.ts";
import { explainListenError } from "../runtime/listen-error.ts";
import type { Logger } from "../runtime/logger.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { Settings } from "../runtime/settings-table.ts";
import type { FreshFiles } from "../runtime/tls/fresh-files.ts";
import type { TlsIdentity } from "../runtime/tls/tls-files.ts";
import { noTracer, type TaskTracer } from "../runtime/tracing.ts";
import type { Connection } from "../sdk/typescript/connection-types.ts";
import { connectHandler, METHOD_PATHS } from "./connect/connect-handler.ts";
import { createAnswerer } from "./http/answer.ts";
import { liveRoutes } from "./live/live-routes.ts";
import { dashboardRoutes } from "./routes/dashboard-routes.ts";
import { exportRoutes } from "./routes/export-routes.ts";
import { lockRoutes } from "./routes/lock-routes.ts";
import { pageRoutes } from "./routes/page-routes.ts";
import { streamRoutes } from "./routes/stream-routes.ts";
import { taskRoutes } from "./routes/task-routes.ts";
import { transcodedRoutes } from "./routes/transcoded-routes.ts";
import { sessionRoutes } from "./session/session-routes.ts";
import { Sessions } from "./session/sessions.ts";

export interface GatewayOptions {
  /** To the coordinator, without a key: each call carries its caller's. */
  readonly connection: Connection;
  /** host:port; port 0 takes a free one. */
  readonly listen: string;
  readonly settings: Pick<Settings, "TSS_GATEWAY_RATE" | "TSS_CORS_ORIGINS" | "TSS_GATEWAY_URL" | "TSS_SESSION_SECRET">;
  readonly logger: Logger;
  /** Stays open: whoever made it closes it after the gateway. Absent: requests are not traced. */
  readonly tracer?: TaskTracer;
  /** Absent: plaintext. */
  readonly tls?: FreshFiles<TlsIdentity> | undefined;
  /** Of this process; absent: no /metrics here. */
  readonly metrics?: Metrics;
}

export interface Gateway {
  readonly url: string;
  /** Takes nothing new, ends streams in good order and lets requests finish, at most this long. */
  drain(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const SERVER: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  insecureHTTPParser: false,
};

/**
 * Serves REST, Connect and gRPC-web over HTTP/1.1. It has no rights of its own and no state.
 * @throws TssError FAILED_PRECONDITION when the address cannot be listened on.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const draining = new AbortController();
  const context = { connection: options.connection, draining: draining.signal };
  const sessions = new Sessions({
    secret: options.settings.TSS_SESSION_SECRET,
    publicUrl: options.settings.TSS_GATEWAY_URL,
  });
  const own = [
    ...pageRoutes(context, options.metrics),
    ...taskRoutes(context),
    ...streamRoutes(context),
    ...exportRoutes(context),
    ...lockRoutes(context),
    ...[...dashboardRoutes(), ...sessionRoutes(context, sessions), ...liveRoutes(context, options.metrics)].map(
      (route) => ({ ...route, untraced: true }),
    ),
  ];
  const answer = createAnswerer({
    routes: [...own, ...transcodedRoutes(context, own)],
    connect: connectHandler(options.connection),
    sessions,
    methods: METHOD_PATHS,
    tracer: options.tracer ?? noTracer,
    rate: options.settings.TSS_GATEWAY_RATE,
    origins: options.settings.TSS_CORS_ORIGINS,
    logger: options.logger,
    metrics: options.metrics && createHttpMetrics(options.metrics),
  });
  const server = openServer(options.tls, (request, response) => void answer(request, response));
  server.maxHeadersCount = 100;
  server.on("clientError", answer.clientError);
  await listen(server, options.listen);
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === "IPv6" ? `[${address}]` : address;
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      draining.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  return {
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${port}`,
    close,
    async drain(timeoutMs) {
      draining.abort();
      await new Promise<void>((resolve) => {
        const impatience = setTimeout(resolve, timeoutMs);
        server.close(() => {
          clearTimeout(impatience);
          resolve();
        });
        server.closeIdleConnections();
      });
      await close();
    },
  };
}

function openServer(tls: FreshFiles<TlsIdentity> | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createServer(SERVER, listener);
  let shown = tls.latest();
  const server = createTlsServer({ ...SERVER, ...shown, minVersion: "TLSv1.2" }, listener);
  // Before TLS begins on a new connection.
  server.prependListener("connection", () => {
    const latest = tls.latest();
    if (latest === shown) return;
    shown = latest;
    server.setSecureContext({ ...latest, minVersion: "TLSv1.2" });
  });
  return server;
}

async function listen(server: Server, address: string): Promise<void> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "") || undefined;
  const port = Number(address.slice(at + 1));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(error));
    server.listen(port, host, resolve);
  }).catch(async (error: NodeJS.ErrnoException) => {
    throw new TssError("FAILED_PRECONDITION", await explainListenError(error, address, "TSS_GATEWAY_LISTEN"), {
      reason: "CANNOT_LISTEN",
      cause: error,
    });
  });
}
