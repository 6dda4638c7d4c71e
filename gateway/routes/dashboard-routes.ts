import { join } from "node:path";
import { BUILD } from "../../runtime/build.ts";
import type { Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import { buildDashboard } from "../pages/build-dashboard.ts";
import { type DashboardFile, readDashboardFiles } from "../pages/dashboard-files.ts";

/** Nothing but our own files and calls; no inline script or style, no frame around it, no plug-in, no form. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The dashboard: one page at `/`, whose address after `#` says what it shows, so that it works under any path. */
export function dashboardRoutes(): Route[] {
  const files = new Files();
  return [
    { method: "GET", path: "/", handle: (exchange) => page(files, exchange) },
    { method: "GET", path: "/assets/{file}", handle: (exchange) => asset(files, exchange) },
  ];
}

/** The built files; in a checkout they are looked at again whenever the page is opened. */
class Files {
  #folder: Promise<string> | undefined;
  #files: ReadonlyMap<string, DashboardFile> | undefined;

  async refresh(): Promise<ReadonlyMap<string, DashboardFile>> {
    if (BUILD === "release") return this.#read(join(import.meta.dirname, "../dashboard"));
    // Who comes during a build waits for the same one.
    this.#folder ??= buildDashboard().finally(() => {
      this.#folder = undefined;
    });
    const before = this.#files;
    const folder = await this.#folder;
    if (this.#files === before) this.#files = undefined;
    return this.#read(folder);
  }

  async current(): Promise<ReadonlyMap<string, DashboardFile>> {
    return this.#files ?? this.refresh();
  }

  #read(folder: string): ReadonlyMap<string, DashboardFile> {
    this.#files ??= readDashboardFiles(folder);
    return this.#files;
  }
}

async function page(files: Files, exchange: Exchange): Promise<void> {
  const file = (await files.refresh()).get("index.html");
  if (file === undefined) throw new HttpProblem(503, "NOT_BUILT", "The dashboard is not part of this installation.");
  send(exchange, file, {
    "cache-control": "no-cache",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
  });
}

async function asset(files: Files, exchange: Exchange): Promise<void> {
  const file = (await files.current()).get(`assets/${exchange.params["file"]}`);
  if (file === undefined)
    throw new HttpProblem(404, "NOT_FOUND", "There is no such file: the dashboard has a newer version, reload it.");
  // The name has a hash of the content.
  send(exchange, file, { "cache-control": "public, max-age=31536000, immutable" });
}

function send(exchange: Exchange, file: DashboardFile, headers: Readonly<Record<string, string>>): void {
  const { request, response } = exchange;
  const all = { ...headers, "content-type": file.contentType, etag: file.etag, vary: "accept-encoding" };
  if (request.headers["if-none-match"] === file.etag) {
    response.writeHead(304, all);
    return void response.end();
  }
  const packed = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const body = packed ? file.gzip : file.bytes;
  response.writeHead(200, { ...all, ...(packed ? { "content-encoding": "gzip" } : {}), "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}
