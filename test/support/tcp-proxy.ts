import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire between a client and a port of this host that a test can cut, stop or slow down. */
export interface TcpProxy {
  readonly port: number;
  /** Connections that a cut, a reset or a halving has met so far, or that are stopped now. */
  readonly met: number;
  /** Breaks every connection; new ones are made as before. */
  cut(): void;
  /** Breaks every connection with a reset instead of an orderly end. */
  reset(): void;
  /** Breaks every connection; new ones lead to this port. */
  lead(target: number): void;
  /** Every connection is half open: the far side is gone, and the near one hears nothing of it. New ones are made as before. */
  halve(): void;
  /** Swallows everything in both directions, also of new connections, until `flow`. */
  stop(): void;
  flow(): void;
  /** What comes from now on arrives so many milliseconds later. */
  delay(delayMs: number): void;
  close(): Promise<void>;
}

export async function startProxy(first: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  /** Whose other side is gone without a word. */
  const halved = new Set<Socket>();
  let stopped = false;
  let target = first;
  let delayMs = 0;
  let met = 0;
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (stopped) from.pause();
    from.on("data", (data) => {
      if (delayMs === 0) to.write(data);
      else setTimeout(() => to.write(data), delayMs);
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      sockets.delete(from);
      halved.delete(from);
      if (!halved.has(to)) to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    join(client, upstream);
    join(upstream, client);
    // Listening for data starts it again.
    if (stopped) for (const socket of [client, upstream]) socket.pause();
    client.once("halve", () => {
      halved.add(client);
      upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    met += sockets.size / 2;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get met() {
      return met + (stopped ? sockets.size / 2 : 0);
    },
    cut,
    reset() {
      met += sockets.size / 2;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    lead(port) {
      target = port;
      cut();
    },
    halve() {
      met += sockets.size / 2;
      for (const socket of [...sockets]) socket.emit("halve");
    },
    stop() {
      stopped = true;
      for (const socket of sockets) socket.pause();
    },
    flow() {
      stopped = false;
      for (const socket of sockets) socket.resume();
    },
    delay(ms) {
      delayMs = ms;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
