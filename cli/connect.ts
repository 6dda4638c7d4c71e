import type { Settings } from "../runtime/settings-table.ts";
import { clientTlsOf } from "../runtime/tls/client-tls.ts";
import { readVersion } from "../runtime/version.ts";
import { connectionOptionsOf } from "../sdk/typescript/connection/local-connection.ts";
import type { Connection, ConnectionOptions } from "../sdk/typescript/connection-types.ts";

/** A connection as the settings say. It has not been tried yet: `ready` does. */
export async function connect(settings: Settings): Promise<Connection> {
  const { openConnection } = await import("../sdk/typescript/connection/open-connection.ts");
  return openConnection(connectionOptions(settings));
}

/**
 * Address, key and TLS of the coordinator the settings name.
 * @throws TssError FAILED_PRECONDITION when a file they name cannot be used.
 */
export function connectionOptions(settings: Settings): ConnectionOptions {
  const options = connectionOptionsOf({
    address: settings.TSS_COORDINATOR,
    apiKey: settings.TSS_API_KEY,
    credentials: settings.TSS_CREDENTIALS,
    ...clientTlsOf(settings),
  });
  return { ...options, userAgent: `tss/${readVersion()}` };
}
