import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire between a client and a port of this host that a test can cut or stop. */
export interface TcpProxy {
  readonly port: number;
  /** Breaks every connection; new ones are made as before. */
  cut(): void;
  /** Breaks every connection; new ones lead to this port. */
  lead(target: number): void;
  /** Swallows everything in both directions, also of new connections, until `flow`. */
  stop(): void;
  flow(): void;
  close(): Promise<void>;
}

export async function startProxy(first: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let stopped = false;
  let target = first;
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (stopped) from.pause();
    from.on("data", (data) => to.write(data));
    from.on("error", () => undefined);
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    join(client, upstream);
    join(upstream, client);
    // Listening for data starts it again.
    if (stopped) for (const socket of [client, upstream]) socket.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    lead(port) {
      target = port;
      for (const socket of sockets) socket.destroy();
    },
    stop() {
      stopped = true;
      for (const socket of sockets) socket.pause();
    },
    flow() {
      stopped = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
