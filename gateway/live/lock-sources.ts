import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
  GetLockRequestSchema,
  GetLockResponseSchema,
  ListLocksRequestSchema,
  ListLocksResponseSchema,
  LockService,
} from "../../proto/gen/tss/v1/lock_service_pb.js";
import type { RouteContext } from "../routes/context.ts";
import { pollSource } from "./poll-source.ts";
import type { Source } from "./source.ts";
import { steadyExpiry } from "./steady-expiry.ts";

const TIMEOUT_MS = 10_000;

/** A page of the locks that are held. */
export function locksSource({ connection }: RouteContext, json: JsonValue): Source {
  const request = fromJson(ListLocksRequestSchema, json);
  const settle = steadyExpiry();
  return pollSource({
    output: ListLocksResponseSchema,
    rows: { field: "locks", key: "name" },
    async read(headers, signal) {
      const options = { headers, signal, timeoutMs: TIMEOUT_MS };
      const answer = await connection.service(LockService).listLocks(request, options);
      settle(answer.locks);
      return answer;
    },
  });
}

/** One lock with its line. */
export function lockSource({ connection }: RouteContext, json: JsonValue): Source {
  const request = fromJson(GetLockRequestSchema, json);
  const settle = steadyExpiry();
  return pollSource({
    output: GetLockResponseSchema,
    async read(headers, signal) {
      const options = { headers, signal, timeoutMs: TIMEOUT_MS };
      const answer = await connection.service(LockService).getLock(request, options);
      settle(answer.lock === undefined ? [] : [answer.lock]);
      return answer;
    },
  });
}
