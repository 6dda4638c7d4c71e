import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { openConnection } from "../../../sdk/typescript/connection/open-connection.ts";
import type { CallOptions, Connection, ConnectionOptions } from "../../../sdk/typescript/connection-types.ts";
import { signPeer } from "../../kernel/peer-token.ts";
import type { Caller } from "../../operations/operations.ts";
import type { Peers } from "../../operations/peers.ts";

export interface PeersOptions {
  readonly secret: Buffer;
  readonly clock: Clock;
  readonly tls?: ConnectionOptions["tls"];
}

/** Longest wait of a call that is passed on; waits on purpose end by their own signal. */
const UNARY_MS = 90_000;

/** The other coordinators over the same gRPC that clients speak; one connection each, made when it is first needed. */
export function openPeers({ secret, clock, tls }: PeersOptions): Peers {
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
  return {
    async call(address, desc, request, caller, signal) {
      try {
        const options = { ...optionsFor(caller, signal), timeoutMs: UNARY_MS };
        return (await method(address, desc)(request, options)) as never;
      } catch (error) {
        throw told(error);
      }
    },
    async *stream(address, desc, request, caller, signal) {
      try {
        yield* method(address, desc)(request, optionsFor(caller, signal)) as AsyncIterable<never>;
      } catch (error) {
        throw told(error);
      }
    },
    close() {
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** A peer that does not answer is gone or going: the caller may find another owner. */
function told(error: unknown): unknown {
  if (!(error instanceof TssError) || error.code !== "UNAVAILABLE") return error;
  if (error.reason !== undefined && error.reason !== "SHUTTING_DOWN" && error.reason !== "STOPPING") return error;
  return new TssError(
    "UNAVAILABLE",
    "The coordinator that owns this task has just gone; send the same request again.",
    {
      reason: "PEER_GONE",
      retryAfterMs: 200,
      cause: error,
    },
  );
}
