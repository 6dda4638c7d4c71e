import { logVerbosity, Server, setLogVerbosity } from "@grpc/grpc-js";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { TlsFiles } from "../../runtime/tls/tls-files.ts";
import type { ApiKeyOperations } from "../operations/api-keys.ts";
import type { KeyRing } from "../operations/key-ring.ts";
import type { Operations } from "../operations/operations.ts";
import { callAdmission } from "./call-admission.ts";
import type { CallObserver } from "./call-observer.ts";
import { Connections } from "./connections.ts";
import { listenerCredentials } from "./credentials.ts";
import { drainCalls } from "./drain.ts";
import type { Edge } from "./edge.ts";
import { EDGE_LIMITS, type EdgeLimits } from "./edge-limits.ts";
import { http2ServersOf } from "./grpc-internals.ts";
import { createHealth } from "./health-service.ts";
import { type Listening, listen } from "./listen.ts";
import { shortenTimeout } from "./long-timeouts.ts";
import { addServices, SERVICES } from "./services.ts";

/** How long peers may take over the last answers of a drain. */
const LAST_WORDS_MS = 1_000;

export interface GrpcServerOptions {
  readonly operations: Operations;
  readonly apiKeys: ApiKeyOperations;
  readonly keys: Pick<KeyRing, "verify" | "refusal" | "noteUse" | "onChange">;
  /** host:port, port 0 takes a free one; or what listens already. */
  readonly listen: string | Listening;
  /** Absent: plaintext. */
  readonly tls?: TlsFiles;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics?: CallObserver;
  /** Called when a drain begins: the engine tells its workers. */
  readonly onDrain?: () => void;
  /** What health says at first; default true. */
  readonly serving?: boolean;
  readonly limits?: Partial<EdgeLimits>;
}

export interface GrpcServer {
  /** host:port as bound. */
  readonly address: string;
  readonly port: number;
  /** What `grpc.health.v1.Health` answers from now on. */
  setServing(serving: boolean): void;
  /**
   * Stops in good order: health says NOT_SERVING, no new connections or calls, running calls finish. What is left after
   * `timeoutMs` is ended with UNAVAILABLE, and every connection is cut at most 2 s later.
   */
  drain(timeoutMs: number): Promise<void>;
  /** Cuts everything now. */
  close(): Promise<void>;
}

/**
 * Serves the contract over gRPC.
 * @throws TssError FAILED_PRECONDITION when the address cannot be used or a TLS file cannot be read.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { operations, apiKeys, keys, clock, logger, metrics = {} } = options;
  const limits: EdgeLimits = { ...EDGE_LIMITS, ...options.limits };
  const clientCertificates = options.tls?.clientCaPath !== undefined;
  const edge: Edge = { keys, clock, logger, metrics, limits, clientCertificates, calls: new Set() };
  // grpc-js would print headers it cannot read, keys among them, on standard error.
  setLogVerbosity(logVerbosity.NONE);

  const connections = new Connections(edge);
  const { credentials, refresh } = listenerCredentials(options.tls, logger);
  const server = new Server({
    "grpc.max_concurrent_streams": limits.streamsPerConnection,
    "grpc.max_receive_message_length": limits.messageBytes,
    "grpc.max_send_message_length": limits.messageBytes,
    "grpc.keepalive_time_ms": limits.keepaliveMs,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
    "grpc-node.max_session_memory": limits.sessionMemoryMb,
    "grpc.enable_channelz": 0,
    interceptors: [callAdmission(edge, (call) => connections.prove(call))],
  });
  const health = createHealth(
    SERVICES.map(({ typeName }) => typeName),
    options.serving ?? true,
  );
  addServices(server, { operations, apiKeys, health, edge });

  // The listener is this edge's own, for its caps and its words when the port is taken.
  const injector = server.createConnectionInjector(credentials);
  for (const http2Server of http2ServersOf(server)) {
    http2Server.on("session", (session) => connections.begin(session));
    http2Server.prependListener("stream", (_stream, headers) => shortenTimeout(headers));
  }
  const listening = typeof options.listen === "string" ? await listen(options.listen) : options.listen;
  const { address, port } = listening;
  listening.serve((socket) => {
    if (!connections.accept(socket)) return;
    refresh();
    injector.injectConnection(socket);
  });

  const forgetKeys = keys.onChange(() => {
    for (const call of [...edge.calls]) {
      const refusal = call.caller && keys.refusal(call.caller.keyId);
      if (refusal) call.fail(refusal);
    }
  });

  const close = async () => {
    forgetKeys();
    listening.close();
    server.forceShutdown();
    connections.destroy();
    await listening.closed;
  };

  return {
    address,
    port,
    setServing: (serving) => health.setServing(serving),
    close,
    async drain(timeoutMs) {
      health.setServing(false);
      listening.close();
      options.onDrain?.();
      connections.goAway();
      await drainCalls(edge, timeoutMs);
      // The last answers are on their way: each connection closes when its peer has them.
      await connections.ended(LAST_WORDS_MS);
      await close();
    },
  };
}
