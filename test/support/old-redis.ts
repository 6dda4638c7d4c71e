import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** What answers as a Redis 6.2 does to who asks it for its version: this machine has only newer ones. */
export async function startOldRedis(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const info = "redis_version:6.2.14\r\nrole:master\r\n";
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    // One answer for each command: an array of bulk strings, of which the first is its name.
    socket.on("data", (chunk) => {
      for (const [, name = ""] of chunk.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g))
        socket.write(
          /info/i.test(name) ? `$${info.length}\r\n${info}\r\n` : /ping/i.test(name) ? "+PONG\r\n" : "+OK\r\n",
        );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
