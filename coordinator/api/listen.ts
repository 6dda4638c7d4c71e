import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TssError } from "../../proto/errors.ts";
import { describePortOwner } from "../../runtime/port-owner.ts";

export interface Listening {
  readonly server: Server;
  /** host:port as bound; port 0 asks for a free one. */
  readonly address: string;
  readonly port: number;
}

/**
 * Listens on `host:port`; no host means every interface.
 * @throws TssError FAILED_PRECONDITION that names the address and, where it can be found out, who has it.
 */
export async function listen(address: string, accept: (socket: Socket) => void): Promise<Listening> {
  const { host, port } = split(address);
  const server = createServer({ noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      explain(error, address, port).then(reject, reject);
    });
    server.listen({ host, port }, resolve);
  });
  const bound = server.address() as AddressInfo;
  const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return { server, address: `${shown}:${bound.port}`, port: bound.port };
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
