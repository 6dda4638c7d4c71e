import type { Connection, ConnectionOptions } from "../connection-types.ts";
import { addressesOf } from "./address-list.ts";
import { openSeveral } from "./several-connections.ts";
import { openSingle } from "./single-connection.ts";

/** A connection to the coordinator, or to several that are one system; it is made with the first call or `ready`. */
export function openConnection(options: ConnectionOptions): Connection {
  const addresses = addressesOf(options.address);
  const [only] = addresses;
  if (only !== undefined && addresses.length === 1) return openSingle({ ...options, address: only });
  return openSeveral(addresses.map((address) => ({ address, connection: openSingle({ ...options, address }) })));
}
