import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../proto/gen/grpc/health/v1/health_pb.js";
import type { Metrics } from "../../runtime/metrics.ts";
import type { Route } from "../http/router.ts";
import { openApi } from "../openapi/openapi.ts";
import { apiPage } from "../pages/api-page.ts";
import type { RouteContext } from "./context.ts";

/** A coordinator that takes longer is not one to send callers to. */
const READY_MS = 2_000;

const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Pages for people, and the state of this process for machines. None needs a key, and none tells anything of the tasks. */
export function pageRoutes(context: RouteContext, metrics: Metrics | undefined): Route[] {
  let document: string | undefined;
  const json = () => {
    document ??= JSON.stringify(openApi());
    return document;
  };
  const routes: Route[] = [
    page("/docs", () => apiPage(openApi())),
    {
      method: "GET",
      path: "/openapi.json",
      handle: async (exchange) => exchange.text(200, "application/json; charset=utf-8", json()),
    },
    { method: "GET", path: "/healthz", handle: async (exchange) => exchange.json(200, { status: "ok" }) },
    {
      method: "GET",
      path: "/readyz",
      handle: async (exchange) => {
        const problem = await notReady(context);
        exchange.json(
          problem === null ? 200 : 503,
          problem === null ? { status: "ready" } : { status: "not ready", detail: problem },
        );
      },
    },
  ];
  if (metrics !== undefined)
    routes.push({
      method: "GET",
      path: "/metrics",
      handle: async (exchange) => exchange.text(200, "text/plain; version=0.0.4; charset=utf-8", await metrics.text()),
    });
  return routes.map((route) => ({ ...route, untraced: true }));
}

function page(path: string, render: () => string): Route {
  return {
    method: "GET",
    path,
    handle: async (exchange) => exchange.text(200, "text/html; charset=utf-8", render(), PAGE_HEADERS),
  };
}

async function notReady({ connection, draining }: RouteContext): Promise<string | null> {
  if (draining.aborted) return "The gateway is draining.";
  try {
    const { status } = await connection.service(Health).check({}, { timeoutMs: READY_MS });
    return status === ServingStatus.SERVING ? null : "The coordinator starts, stands by or shuts down.";
  } catch (error) {
    return (error as Error).message;
  }
}
