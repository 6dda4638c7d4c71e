import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to Postgres that can be cut. */
export interface CutProxy {
  /** The database's address through the proxy. */
  readonly url: string;
  /** From now on what the server answers is swallowed, and the client is cut off at its first byte. */
  swallowAnswers(): void;
  /** Cuts every client off and leaves the server's side open, as a dead network does. */
  cutClients(): void;
  /** Lets new connections work as they should. */
  mend(): void;
  close(): Promise<void>;
}

export async function cutProxy(databaseUrl: string): Promise<CutProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let swallow = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    clients.add(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("data", (data) => upstream.write(data));
    upstream.on("data", (data) => {
      if (swallow) client.destroy();
      else client.write(data);
    });
    upstream.on("close", () => client.destroy());
    client.on("close", () => {
      clients.delete(client);
      if (!swallow) upstream.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    swallowAnswers() {
      swallow = true;
    },
    cutClients() {
      swallow = true;
      for (const client of clients) client.destroy();
    },
    mend() {
      swallow = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
