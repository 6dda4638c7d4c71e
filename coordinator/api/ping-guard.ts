import { constants, type Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { EdgeLimits } from "./edge-limits.ts";

/**
 * Bytes that a ping and its ack take in both directions, with room for one small control frame; a message takes more.
 * TLS adds 22 bytes to each record.
 */
const QUIET_BYTES = { plain: 43, tls: 87 } as const;

/**
 * Ends a connection that pings more often than allowed without sending or receiving data: the rule of gRPC that grpc-js
 * leaves out. Pings that measure bandwidth come with data and are no strike.
 * @param monotonic ms
 */
export function guardPings(
  session: Http2Session,
  socket: Socket,
  limits: Pick<EdgeLimits, "pingIntervalMs" | "pingStrikes" | "lingerMs">,
  monotonic: () => number,
  ended: () => void,
): void {
  const quiet = session.encrypted ? QUIET_BYTES.tls : QUIET_BYTES.plain;
  let strikes = 0;
  let last = Number.NEGATIVE_INFINITY;
  let seen = 0;
  const onPing = () => {
    const now = monotonic();
    const bytes = socket.bytesRead + socket.bytesWritten;
    strikes = now - last < limits.pingIntervalMs && bytes - seen <= quiet ? strikes + 1 : 0;
    last = now;
    seen = bytes;
    if (strikes <= limits.pingStrikes) return;
    session.off("ping", onPing);
    ended();
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
    // The goaway leaves in this turn.
    setImmediate(() => session.destroy());
  };
  session.on("ping", onPing);
}
