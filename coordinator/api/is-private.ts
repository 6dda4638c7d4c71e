import type { TLSSocket } from "node:tls";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { http2StreamOf } from "./grpc-internals.ts";

/** Whether nobody on the way can read a call: its connection is encrypted, or does not leave this machine. */
export function isPrivate(call: ServerInterceptingCallInterface): boolean {
  const socket = http2StreamOf(call)?.session?.socket as Partial<TLSSocket> | undefined;
  return socket?.encrypted === true || /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket?.remoteAddress ?? "");
}
