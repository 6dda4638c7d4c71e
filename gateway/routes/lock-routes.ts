import {
  type AcquireLockRequest,
  AcquireLockRequestSchema,
  AcquireLockResponseSchema,
  LockService,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import { asArgument, type Exchange } from "../http/exchange.ts";
import type { Route } from "../http/router.ts";
import { fromJson } from "../json/from-json.ts";
import { toJson } from "../json/to-json.ts";
import type { RouteContext } from "./context.ts";

/** How much longer than the wait itself the call may take, ms. */
const SLACK_MS = 30_000;

/** A call that waits has its own deadline; the other calls of locks are transcoded. */
export function lockRoutes(context: RouteContext): Route[] {
  return [{ method: "POST", path: "/lock/acquire", handle: (exchange) => acquire(context, exchange) }];
}

async function acquire({ connection }: RouteContext, exchange: Exchange): Promise<void> {
  const options = exchange.callOptions;
  const body = await exchange.readJson();
  const request = asArgument(() => fromJson(AcquireLockRequestSchema, body)) as AcquireLockRequest;
  const timeoutMs = Number(request.wait?.seconds ?? 0n) * 1_000 + SLACK_MS;
  // The client that has gone leaves the line: its signal ends the call.
  const answer = await connection.service(LockService).acquireLock(request, { ...options, timeoutMs });
  exchange.json(200, toJson(AcquireLockResponseSchema, answer));
}
