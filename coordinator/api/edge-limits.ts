import { LIMITS } from "../../proto/limits.ts";

/** Bounds of the gRPC edge. Times are ms, sizes bytes unless the name says otherwise. */
export const EDGE_LIMITS = {
  /** One message, also after decompression. */
  messageBytes: LIMITS.messageBytes,
  streamsPerConnection: LIMITS.streamsPerConnection,
  /** A peer that is silent for so long is asked for a sign of life … */
  keepaliveMs: 20_000,
  /** … and dropped when it gives none in this time. */
  keepaliveTimeoutMs: 10_000,
  /** Memory of one HTTP/2 session in MB; past it new streams are refused. */
  sessionMemoryMb: 64,
  /** A unary call that has not been answered by then ends with DEADLINE_EXCEEDED. */
  unaryMs: 30_000,
  /** Added to the limit of a call that waits on purpose. */
  waitSlackMs: 10_000,
  /** From connecting to the first HTTP/2 settings, TLS included. */
  handshakeMs: 5_000,
  /** From opening a Work stream to its `hello`. */
  helloMs: 10_000,
  connections: 20_000,
  /** Connections of one address on which no key has been proven. */
  unprovenPerAddress: 256,
  /** Pings closer than this without data between them are strikes … */
  pingIntervalMs: 10_000,
  /** … and one more than so many ends the connection. */
  pingStrikes: 2,
  /** Received messages of one stream that are being worked on; past it the stream is not read. */
  streamInboxBytes: 8 * 1024 * 1024,
  /** Written bytes of one stream that the peer has not taken; past it `send` says false. */
  streamOutboxBytes: 256 * 1024,
  /** The same, where even acks pile up: the stream is ended. */
  streamOutboxMaxBytes: 16 * 1024 * 1024,
  /** A call that has its status and is not over (the peer neither reads nor ends) is reset after this long. */
  lingerMs: 5_000,
} as const satisfies Record<string, number>;

export type EdgeLimits = { readonly [K in keyof typeof EDGE_LIMITS]: number };
