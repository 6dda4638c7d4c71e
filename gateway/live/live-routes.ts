import { TssError } from "../../proto/errors.ts";
import { reportLive } from "../../runtime/live-metrics.ts";
import type { Metrics } from "../../runtime/metrics.ts";
import type { Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import type { JsonValue } from "../json/parse-json.ts";
import type { RouteContext } from "../routes/context.ts";
import { MAX_TOPICS, type StreamRequest } from "./frames.ts";
import { Hub } from "./hub.ts";
import { pollOnce } from "./poll-once.ts";
import { Viewer } from "./viewer.ts";

/**
 * The dashboard's stream: one for each browser, with all that it shows. The topics are in its body, so that it needs nothing
 * kept from an earlier one; a browser that shows something else opens another.
 */
export function liveRoutes(context: RouteContext, metrics: Metrics | undefined): Route[] {
  const hub = new Hub(context);
  const counts = { clients: 0 };
  const told =
    metrics === undefined
      ? { dropped: () => {} }
      : reportLive(metrics, () => ({ clients: counts.clients, topics: hub.open }));
  const serve = async (exchange: Exchange) => {
    counts.clients++;
    try {
      await stream(context, hub, exchange, told.dropped);
    } finally {
      counts.clients--;
    }
  };
  return [
    { method: "POST", path: "/live/stream", handle: serve },
    { method: "POST", path: "/live/poll", handle: (exchange) => poll(hub, exchange) },
  ];
}

async function poll(hub: Hub, exchange: Exchange): Promise<void> {
  const { topics } = readRequest(await exchange.readJson());
  const { authorization } = exchange;
  await hub.keys.prove(authorization);
  const events = await pollOnce(hub, topics, { authorization });
  exchange.text(200, "text/event-stream; charset=utf-8", events, { "cache-control": "no-store" });
}

async function stream(context: RouteContext, hub: Hub, exchange: Exchange, dropped: () => void): Promise<void> {
  const { topics, from } = readRequest(await exchange.readJson());
  const headers = { authorization: exchange.authorization };
  if (context.draining.aborted)
    throw new HttpProblem(503, "UNAVAILABLE", "The gateway is draining.", { "retry-after": "1" });
  // A key that is refused gets its status before the stream begins.
  await hub.keys.prove(headers.authorization);
  exchange.response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
  exchange.response.write(": begun\n\n");
  const viewer = new Viewer(exchange, dropped);
  const unwatch = hub.keys.watch(headers.authorization, () => viewer.finish("signed-out"));
  const drain = () => viewer.finish("draining");
  context.draining.addEventListener("abort", drain, { once: true });
  try {
    for (const topic of topics) {
      try {
        viewer.join(hub, topic, headers, from?.[topic] ?? 0);
      } catch (error) {
        viewer.problem(
          topic,
          error instanceof TssError ? error.code : "INVALID_ARGUMENT",
          (error as Error).message,
          true,
        );
      }
    }
    await viewer.write();
  } finally {
    context.draining.removeEventListener("abort", drain);
    unwatch();
  }
}

function readRequest(json: JsonValue): StreamRequest {
  const request = (json ?? {}) as unknown as StreamRequest;
  const { topics, from } = request;
  if (!Array.isArray(topics) || topics.length > MAX_TOPICS || !topics.every((topic) => typeof topic === "string"))
    throw new HttpProblem(400, "INVALID_ARGUMENT", `topics must be a list of at most ${MAX_TOPICS} texts.`);
  const offsets = Object.values(from ?? {});
  if (!offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0))
    throw new HttpProblem(400, "INVALID_ARGUMENT", "from must name whole numbers from 0.");
  return request;
}
