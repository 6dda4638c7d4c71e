import type { Http2Session, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Edge } from "./edge.ts";
import { http2StreamOf } from "./grpc-internals.ts";
import { guardPings } from "./ping-guard.ts";

interface Connection {
  readonly socket: Socket;
  /** Without the port. */
  readonly address: string;
  readonly handshake: NodeJS.Timeout;
  session: ServerHttp2Session | undefined;
  /** A key was proven on it. */
  proven: boolean;
}

/** Every connection of the server, from accepting it to its end. */
export class Connections {
  private readonly edge: Pick<Edge, "limits" | "logger" | "metrics" | "clock">;
  private readonly byPeer = new Map<string, Connection>();
  private readonly bySession = new WeakMap<Http2Session, Connection>();
  private readonly unproven = new Map<string, number>();
  private closing = false;

  constructor(edge: Pick<Edge, "limits" | "logger" | "metrics" | "clock">) {
    this.edge = edge;
  }

  /** Takes a new connection, or ends it at once. @returns whether it was taken. */
  accept(socket: Socket): boolean {
    const { limits, logger } = this.edge;
    const address = socket.remoteAddress;
    // A peer that is gone, or speaks no HTTP/2, is no fault of this process.
    socket.on("error", () => socket.destroy());
    if (address === undefined) {
      socket.destroy();
      return false;
    }
    const refusal = this.refusal(address);
    if (refusal !== undefined) {
      logger.warn({ address }, refusal);
      socket.destroy();
      return false;
    }
    const connection: Connection = {
      socket,
      address,
      handshake: setTimeout(() => socket.destroy(), limits.handshakeMs).unref(),
      session: undefined,
      proven: false,
    };
    const peer = peerOf(socket);
    this.byPeer.set(peer, connection);
    this.count(address, 1);
    this.edge.metrics.connections?.(this.byPeer.size);
    socket.once("close", () => {
      clearTimeout(connection.handshake);
      this.byPeer.delete(peer);
      if (!connection.proven) this.count(address, -1);
      this.edge.metrics.connections?.(this.byPeer.size);
    });
    return true;
  }

  /** An HTTP/2 session begins on a connection that was accepted. */
  begin(session: ServerHttp2Session): void {
    const connection = this.byPeer.get(peerOf(session.socket));
    if (connection === undefined) return;
    connection.session = session;
    this.bySession.set(session, connection);
    session.once("remoteSettings", () => clearTimeout(connection.handshake));
    guardPings(session, connection.socket, this.edge.limits, this.edge.clock.monotonic, () =>
      this.edge.logger.warn({ address: connection.address }, "a connection was ended: it pings too often"),
    );
    if (this.closing) session.close();
  }

  /** A call on this connection has proven its key: it counts no more against strangers of the same address. */
  prove(call: ServerInterceptingCallInterface): void {
    const session = http2StreamOf(call)?.session;
    const connection = session && this.bySession.get(session);
    if (connection === undefined || connection.proven) return;
    connection.proven = true;
    this.count(connection.address, -1);
  }

  /** Tells every peer to go elsewhere (GOAWAY); calls that run go on. */
  goAway(): void {
    this.closing = true;
    for (const { session } of this.byPeer.values()) if (session && !session.closed) session.close();
  }

  /** Resolves when every connection is gone, or after `timeoutMs`. */
  async ended(timeoutMs: number): Promise<void> {
    const gone = [...this.byPeer.values()].map(({ socket }) => new Promise((resolve) => socket.once("close", resolve)));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, timeoutMs);
    await Promise.race([Promise.all(gone), late.promise]);
    clearTimeout(timer);
  }

  /** Cuts every connection. */
  destroy(): void {
    this.closing = true;
    for (const { session, socket } of this.byPeer.values()) {
      session?.destroy();
      socket.destroy();
    }
  }

  private refusal(address: string): string | undefined {
    const { connections, unprovenPerAddress } = this.edge.limits;
    if (this.byPeer.size >= connections) return `a connection was refused: there are ${connections} already`;
    if ((this.unproven.get(address) ?? 0) >= unprovenPerAddress)
      return `a connection was refused: its address has ${unprovenPerAddress} without a valid API key`;
    return undefined;
  }

  private count(address: string, change: 1 | -1): void {
    const count = (this.unproven.get(address) ?? 0) + change;
    if (count > 0) this.unproven.set(address, count);
    else this.unproven.delete(address);
  }
}

function peerOf(socket: Pick<Socket, "remoteAddress" | "remotePort">): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
