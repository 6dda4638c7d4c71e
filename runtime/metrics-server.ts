import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { explainListenError } from "./listen-error.ts";
import type { Metrics } from "./metrics.ts";

export interface MetricsServerOptions {
  /** TSS_METRICS_LISTEN: host:port; port 0 asks for a free one. */
  readonly address: string;
  readonly metrics: Metrics;
  /** What is wrong with the process now; undefined: it is well. */
  readonly problem?: () => string | undefined;
}

export interface MetricsServer {
  /** host:port as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` and `/healthz` of this process on a port of their own, without a key: keep the address private.
 * @throws Error with one sentence when the address cannot be listened on.
 */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { address } = options;
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "") || undefined;
  const port = Number(address.slice(at + 1));
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  // A scraper is one or two connections; more than that is somebody else.
  server.maxConnections = 32;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      explainListenError(error, address, "TSS_METRICS_LISTEN").then((told) => reject(new Error(told)), reject);
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    address: `${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: MetricsServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/metrics") {
    response.writeHead(200, { "content-type": options.metrics.contentType });
    response.end(await options.metrics.text());
  } else if (path === "/healthz") {
    const problem = options.problem?.();
    response.writeHead(problem === undefined ? 200 : 503, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${problem ?? "ok"}\n`);
  } else {
    response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
    response.end("Here are /metrics and /healthz.\n");
  }
}
