import { Role, StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Exchange } from "../http/exchange.ts";
import { HttpProblem } from "../http/problem.ts";
import type { Route } from "../http/router.ts";
import type { JsonObject, JsonValue } from "../json/parse-json.ts";
import type { RouteContext } from "../routes/context.ts";
import { isFromOurPage, type Sessions } from "./sessions.ts";

/** Signing in and out of the dashboard. */
export function sessionRoutes(context: RouteContext, sessions: Sessions): Route[] {
  return [
    { method: "POST", path: "/session/create", handle: (exchange) => signIn(context, sessions, exchange) },
    { method: "GET", path: "/session/query", handle: (exchange) => query(context, sessions, exchange) },
    { method: "POST", path: "/session/end", handle: (exchange) => signOut(sessions, exchange) },
    { method: "POST", path: "/session/link", handle: (exchange) => link(context, sessions, exchange) },
  ];
}

async function signIn(context: RouteContext, sessions: Sessions, exchange: Exchange): Promise<void> {
  // Nobody may sign a browser in unasked either: it would work in a stranger's name.
  if (!isFromOurPage(exchange.request))
    throw new HttpProblem(403, "CROSS_SITE", "Only the dashboard's own page can sign in.");
  const { key, code } = asObject(await exchange.readJson());
  const apiKey = typeof code === "string" ? sessions.useLink(code) : key;
  if (apiKey === undefined && typeof code === "string")
    throw new HttpProblem(
      401,
      "LINK_USED",
      "This link was used or is older than a minute: run `tss ui` again, or sign in with an API key.",
    );
  if (typeof apiKey !== "string" || !/^\S{1,500}$/.test(apiKey))
    throw new HttpProblem(400, "INVALID_ARGUMENT", "Give the API key: it begins with tss_ and has no spaces.");
  const who = await describeCaller(context, exchange, apiKey);
  const expiresAt = sessions.begin(exchange.request, exchange.response, apiKey);
  exchange.json(200, { ...who, expiresAt: new Date(expiresAt).toISOString() }, NOT_KEPT);
}

/** Who is signed in; a session that is looked at goes on. */
async function query(context: RouteContext, sessions: Sessions, exchange: Exchange): Promise<void> {
  const apiKey = exchange.authorization.replace(/^Bearer +/i, "");
  const who = await describeCaller(context, exchange, apiKey);
  const kept = sessions.keyOf(exchange.request) === apiKey;
  const expiresAt = kept ? sessions.begin(exchange.request, exchange.response, apiKey) : undefined;
  exchange.json(
    200,
    { ...who, ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }) },
    NOT_KEPT,
  );
}

async function signOut(sessions: Sessions, exchange: Exchange): Promise<void> {
  if (!isFromOurPage(exchange.request))
    throw new HttpProblem(403, "CROSS_SITE", "Only the dashboard's own page can sign out.");
  sessions.end(exchange.request, exchange.response);
  exchange.json(200, {}, NOT_KEPT);
}

async function link(context: RouteContext, sessions: Sessions, exchange: Exchange): Promise<void> {
  const apiKey = exchange.authorization.replace(/^Bearer +/i, "");
  await describeCaller(context, exchange, apiKey);
  const { code, expiresAt } = sessions.makeLink(apiKey);
  exchange.json(200, { code, expiresAt: new Date(expiresAt).toISOString() }, NOT_KEPT);
}

const NOT_KEPT = { "cache-control": "no-store" };

/** @throws TssError UNAUTHENTICATED, PERMISSION_DENIED for keys that cannot look at anything. */
async function describeCaller(context: RouteContext, exchange: Exchange, apiKey: string): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${apiKey}`, "x-request-id": exchange.requestId };
  const info = await context.connection
    .service(StatsService)
    .getServerInfo({}, { headers, signal: exchange.signal, timeoutMs: 10_000 });
  return {
    keyId: info.keyId,
    role: (Role[info.role] ?? "").toLowerCase(),
    methods: info.methods.map((method) => method.replace("tss.v1.", "")),
    version: info.version,
    now: new Date(Number(info.now?.seconds ?? 0n) * 1_000 + (info.now?.nanos ?? 0) / 1e6).toISOString(),
  };
}

function asObject(value: JsonValue): JsonObject {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  throw new HttpProblem(400, "INVALID_ARGUMENT", 'Send {"key": "tss_…"}.');
}
