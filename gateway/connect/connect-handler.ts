import type { IncomingMessage, ServerResponse } from "node:http";
import { type DescMethod, isMessage, type Message } from "@bufbuild/protobuf";
import { type Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { STATUS_CODES, TssError } from "../../proto/errors.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../proto/gen/google/rpc/error_details_pb.js";
import { ApiKeyService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { SubmitTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { WorkerService } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { BidiCall, Connection } from "../../sdk/typescript/connection-types.ts";
import { withoutBlame } from "../http/own-fault.ts";
import { takeTraceparent } from "../http/trace-request.ts";
import { SERVICES } from "../routes/annotations.ts";

type Calls = Record<string, (...args: never[]) => unknown>;

/**
 * All methods but two. JoinWorker needs no key and no certificate: who joins calls the coordinator itself, which sees then whose
 * tokens it counts, and the gateway's certificate opens no door to somebody who has none. GetSecrets looks at the connection
 * of the worker, which ends here.
 */
const METHODS: readonly DescMethod[] = SERVICES.flatMap(({ methods }) => methods).filter(
  (method) => method !== ApiKeyService.method.joinWorker && method !== WorkerService.method.getSecrets,
);

/** Their paths. */
export const METHOD_PATHS: ReadonlySet<string> = new Set(
  METHODS.map(({ parent, name }) => `/${parent.typeName}/${name}`),
);

/** Every service over Connect, gRPC-web and gRPC: each call goes on to the coordinator with the caller's own key. */
export function connectHandler(connection: Connection): (request: IncomingMessage, response: ServerResponse) => void {
  return connectNodeAdapter({
    routes: (router) => {
      for (const method of METHODS) router.rpc(method, forward(method, connection) as never);
    },
    readMaxBytes: LIMITS.requestBytes,
    maxTimeoutMs: 15 * 60_000,
    requestPathPrefix: "",
    // A misspelt field would be overlooked, and the task run without it.
    jsonOptions: { ignoreUnknownFields: false },
    fallback: noSuchMethod,
  });
}

const noSuchMethod: NonNullable<Parameters<typeof connectNodeAdapter>[0]["fallback"]> = (request, response) => {
  const message = `There is no method ${(request.url ?? "").slice(0, 200)} here; /docs lists what there is.`;
  response.writeHead(404, { "content-type": "application/json" });
  response.end(JSON.stringify({ code: "unimplemented", message }));
};

function forward(method: DescMethod, connection: Connection): unknown {
  const calls = connection.service(method.parent) as unknown as Calls;
  const call = calls[method.localName] as unknown as (...args: unknown[]) => unknown;
  switch (method.methodKind) {
    case "unary":
      return async (request: Message, context: HandlerContext) => {
        if (isMessage(request, SubmitTasksRequestSchema))
          takeTraceparent(request.tasks, context.requestHeader.get("traceparent") ?? "");
        try {
          return await (call(request, optionsOf(context)) as Promise<Message>);
        } catch (error) {
          throw toConnectError(error);
        }
      };
    case "server_streaming":
      return async function* (request: Message, context: HandlerContext) {
        try {
          yield* call(request, optionsOf(context)) as AsyncIterable<Message>;
        } catch (error) {
          throw toConnectError(error);
        }
      };
    default:
      return async function* (requests: AsyncIterable<Message>, context: HandlerContext) {
        const bidi = call(optionsOf(context)) as BidiCall<never, never>;
        void pump(requests, bidi);
        try {
          yield* bidi as AsyncIterable<Message>;
        } catch (error) {
          throw toConnectError(error);
        }
      };
  }
}

async function pump(requests: AsyncIterable<Message>, bidi: BidiCall<never, never>): Promise<void> {
  try {
    for await (const request of requests) if (!bidi.write(request as never)) await bidi.drained();
    bidi.end();
  } catch {
    // The caller has gone, so nobody waits for the rest.
    bidi.cancel();
  }
}

function optionsOf({ requestHeader, signal, timeoutMs }: HandlerContext): object {
  const apiKey = requestHeader.get("x-api-key");
  const authorization = apiKey === null ? requestHeader.get("authorization") : `Bearer ${apiKey}`;
  const requestId = requestHeader.get("x-request-id");
  return {
    signal,
    timeoutMs: timeoutMs(),
    headers: {
      ...(authorization === null ? {} : { authorization }),
      ...(requestId !== null && /^[\w.:-]{1,64}$/.test(requestId) ? { "x-request-id": requestId } : {}),
    },
  };
}

function toConnectError(thrown: unknown): ConnectError {
  if (!(thrown instanceof TssError)) return ConnectError.from(thrown);
  const error = withoutBlame(thrown);
  const details = [{ desc: ErrorInfoSchema, value: { reason: error.reason, domain: "tss" } }] as {
    desc: typeof ErrorInfoSchema;
    value: never;
  }[];
  if (error.violations.length > 0)
    details.push({ desc: BadRequestSchema as never, value: { fieldViolations: error.violations } as never });
  if (error.retryAfterMs !== undefined)
    details.push({
      desc: RetryInfoSchema as never,
      value: {
        retryDelay: {
          seconds: BigInt(Math.floor(error.retryAfterMs / 1_000)),
          nanos: (error.retryAfterMs % 1_000) * 1e6,
        },
      } as never,
    });
  return new ConnectError(error.message, STATUS_CODES[error.code] as Code, undefined, details);
}
