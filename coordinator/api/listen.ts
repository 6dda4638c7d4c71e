import { type AddressInfo, createServer, type Socket } from "node:net";
import { TssError } from "../../proto/errors.ts";
import { describePortOwner } from "../../runtime/port-owner.ts";

export interface Listening {
  /** host:port as bound. */
  readonly address: string;
  readonly port: number;
  /** Hands over the connections that have come meanwhile, and every one that comes from now on. */
  serve(accept: (socket: Socket) => void): void;
  /** Takes no new connections, and ends those that nobody has accepted. */
  close(): void;
  /** Resolves when it is closed and the last connection has ended. */
  readonly closed: Promise<void>;
}

/** Connections that may wait for a coordinator that still reads its database. */
const WAITING = 1_000;

/**
 * Listens on `host:port`; no host means every interface, port 0 takes a free one. A coordinator listens before it takes its
 * place as the owner: its address is known then, and one that cannot listen has not ended a living owner.
 * @throws TssError FAILED_PRECONDITION that names the address and, where it can be found out, who has it.
 */
export async function listen(address: string): Promise<Listening> {
  const { host, port } = split(address);
  const waiting = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => hold(waiting, socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      explain(error, address, port).then(reject, reject);
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return {
    address: `${shown}:${bound.port}`,
    port: bound.port,
    closed: new Promise((resolve) => server.once("close", resolve)),
    serve(accept) {
      server.removeAllListeners("connection").on("connection", accept);
      for (const socket of waiting) if (!socket.destroyed) accept(socket);
      waiting.clear();
    },
    close() {
      server.close();
      for (const socket of waiting) socket.destroy();
    },
  };
}

function hold(waiting: Set<Socket>, socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.once("close", () => waiting.delete(socket));
  if (waiting.size < WAITING) waiting.add(socket);
  else socket.destroy();
}

function split(address: string): { readonly host: string | undefined; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new TssError(
      "INVALID_ARGUMENT",
      `"${address}" is no address to listen on: write host:port, e.g. 127.0.0.1:7400.`,
    );
  return { host: match[1] || match[2] || undefined, port };
}

async function explain(error: NodeJS.ErrnoException, address: string, port: number): Promise<TssError> {
  const say = (sentence: string) =>
    new TssError("FAILED_PRECONDITION", `The coordinator cannot listen on ${address}: ${sentence}`, {
      reason: error.code ?? "LISTEN_FAILED",
      cause: error,
    });
  switch (error.code) {
    case "EADDRINUSE":
      return say(
        `it is taken by ${await describePortOwner(port)}; stop that, or set TSS_COORDINATOR_LISTEN to another address.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return say("this machine has no such address; set TSS_COORDINATOR_LISTEN to one it has, e.g. 127.0.0.1:7400.");
    case "EACCES":
      return say("this user may not use the port; set TSS_COORDINATOR_LISTEN to a port above 1023.");
    default:
      return say(`${error.message}; set TSS_COORDINATOR_LISTEN to an address that can be used.`);
  }
}
