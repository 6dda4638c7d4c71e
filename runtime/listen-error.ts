import { describePortOwner } from "./port-owner.ts";

/** One sentence on why an address cannot be listened on, and what to do. @param setting the one that names the address. */
export async function explainListenError(
  error: NodeJS.ErrnoException,
  address: string,
  setting: string,
): Promise<string> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const because = async (): Promise<string> => {
    switch (error.code) {
      case "EADDRINUSE":
        return `it is taken by ${await describePortOwner(port)}; stop that, or set ${setting} to another address`;
      case "EADDRNOTAVAIL":
      case "ENOTFOUND":
        return `this machine has no such address; set ${setting} to one it has`;
      case "EACCES":
        return `this user may not use the port; set ${setting} to a port above 1023`;
      default:
        return `${error.message}; set ${setting} to an address that can be used`;
    }
  };
  return `Cannot listen on ${address}: ${await because()}.`;
}
