import { create, type DescMethod, type DescService, fromBinary } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import { TaskSpecSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { type SubmitResult, SubmitTasksRequestSchema, TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { Clock } from "../../../runtime/clock.ts";
import type { Logger } from "../../../runtime/logger.ts";
import type { Settings } from "../../../runtime/settings-table.ts";
import { clientTls } from "../../../sdk/typescript/connection/client-tls.ts";
import { openConnection } from "../../../sdk/typescript/connection/open-connection.ts";
import { fromStatus } from "../../../sdk/typescript/connection/status-error.ts";
import type { CallOptions, Connection, ConnectionOptions } from "../../../sdk/typescript/connection-types.ts";
import { joinedSessions } from "../../../sdk/typescript/worker/joined-session.ts";
import { signPeer } from "../../kernel/peer-token.ts";
import type { Caller, SubmitAnswer, SubmitRequest } from "../../operations/operations.ts";
import type { Peers } from "../../operations/peers.ts";
import { relayWorker } from "./relay-worker.ts";

export interface PeersOptions {
  readonly secret: Buffer;
  readonly clock: Clock;
  /** What this coordinator shows, and whom it trusts; without a certificate of its own the others speak plaintext too. */
  readonly tls: Pick<
    Settings,
    "TSS_TLS_CERT" | "TSS_TLS_KEY" | "TSS_TLS_CA" | "TSS_TLS_CLIENT_CERT" | "TSS_TLS_CLIENT_KEY"
  >;
  readonly logger: Pick<Logger, "error">;
}

/** Longest time of a call that is passed on, beside what it waits on purpose. */
const UNARY_MS = 30_000;

/** A peer that answers so, or does not answer at all (no reason of its own), is gone or going. */
const GOING: ReadonlySet<string> = new Set(["SHUTTING_DOWN", "STOPPING", "STANDBY", "CONNECTION_LOST", "UNAVAILABLE"]);

/** The other coordinators over the same gRPC that clients speak; one connection each, made when it is first needed. */
export function openPeers({ secret, clock, tls: settings, logger }: PeersOptions): Peers {
  const tls = peerTls(settings, logger);
  const connections = new Map<string, Connection>();
  const service = (address: string, desc: DescService): Record<string, (...args: never[]) => unknown> => {
    let connection = connections.get(address);
    if (connection === undefined) {
      connection = openConnection({ address, userAgent: "tss-coordinator", ...(tls === undefined ? {} : { tls }) });
      connections.set(address, connection);
    }
    return connection.service(desc) as never;
  };
  const optionsFor = (caller: Caller, signal: AbortSignal | undefined): CallOptions => ({
    headers: { authorization: `Bearer ${signPeer(secret, caller, clock.now())}` },
    ...(signal === undefined ? {} : { signal }),
  });
  const method = (address: string, desc: DescMethod) =>
    service(address, desc.parent)[desc.localName] as (request: unknown, options: CallOptions) => unknown;
  const call: Peers["call"] = async (address, desc, request, caller, signal, waitMs = 0) => {
    try {
      const options = { ...optionsFor(caller, signal), timeoutMs: UNARY_MS + waitMs };
      return (await method(address, desc)(request, options)) as never;
    } catch (error) {
      throw told(error);
    }
  };
  return {
    call,
    async submit(address, request, caller) {
      const { results } = await call(address, TaskService.method.submitTasks, messageOf(request), caller);
      return results.map(answerOf);
    },
    async *stream(address, desc, request, caller, signal) {
      try {
        yield* method(address, desc)(request, optionsFor(caller, signal)) as AsyncIterable<never>;
      } catch (error) {
        throw told(error);
      }
    },
    work(address, caller, first, stream) {
      const open = (options: ConnectionOptions): Connection => {
        const connection = openConnection(options);
        return { ...connection, bytes: (method) => connection.bytes(method, optionsFor(caller, undefined)) };
      };
      const own = { address, userAgent: "tss-coordinator", ...(tls === undefined ? {} : { tls }) };
      return relayWorker((hooks, before) => joinedSessions(own, open, hooks, before), first, stream);
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** Who wants a certificate of its callers wants one of its like: without another it is what they show themselves. */
function peerTls(settings: PeersOptions["tls"], logger: Pick<Logger, "error">): ConnectionOptions["tls"] {
  const { TSS_TLS_CERT, TSS_TLS_KEY, TSS_TLS_CA: ca, TSS_TLS_CLIENT_CERT, TSS_TLS_CLIENT_KEY } = settings;
  if (TSS_TLS_CERT === undefined) return undefined;
  const [clientCert, clientKey] =
    TSS_TLS_CLIENT_CERT === undefined ? [TSS_TLS_CERT, TSS_TLS_KEY] : [TSS_TLS_CLIENT_CERT, TSS_TLS_CLIENT_KEY];
  return clientTls({ ca, clientCert, clientKey, onTlsProblem: (sentence) => logger.error({}, sentence) });
}

function messageOf({ tasks, requestId }: SubmitRequest) {
  return create(SubmitTasksRequestSchema, {
    tasks: tasks.map(({ spec, bytes }) => spec ?? fromBinary(TaskSpecSchema, bytes)),
    requestId,
  });
}

function answerOf({ result, duplicate }: SubmitResult): SubmitAnswer {
  if (result.case === "id") return { id: result.value, duplicate };
  if (result.case === "error") return fromStatus(result.value);
  return new TssError("INTERNAL", "The coordinator that owns this task gave no answer for it.");
}

/** A peer that does not answer is gone or going: the caller may find another owner. */
function told(error: unknown): unknown {
  if (!(error instanceof TssError) || error.code !== "UNAVAILABLE" || !GOING.has(error.reason)) return error;
  return new TssError("UNAVAILABLE", "The coordinator that owns this has just gone; send the same request again.", {
    reason: "PEER_GONE",
    retryAfterMs: 200,
    cause: error,
  });
}
