import type { Http2Server, ServerHttp2Stream } from "node:http2";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";

/**
 * The two places where this edge reaches under grpc-js, which has no way to see pings or to reset one stream. Where a
 * later grpc-js moves these fields, calls go on and the guards built on them fall away; test/edge says so.
 */

/** The HTTP/2 servers behind a grpc-js server. */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  const servers = (server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> }).http2Servers;
  return servers === undefined ? [] : [...servers.keys()];
}

/** The HTTP/2 stream that carries a call. */
export function http2StreamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return (call as unknown as { readonly stream?: ServerHttp2Stream }).stream;
}
