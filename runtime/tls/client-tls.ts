import type { Settings } from "../settings-table.ts";

/** How a client's TLS is set, by the names that `connectionOptionsOf` knows. */
export interface ClientTls {
  readonly ca: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
}

export function clientTlsOf(
  settings: Pick<Settings, "TSS_TLS_CA" | "TSS_TLS_CLIENT_CERT" | "TSS_TLS_CLIENT_KEY">,
): ClientTls {
  const { TSS_TLS_CA: ca, TSS_TLS_CLIENT_CERT: clientCert, TSS_TLS_CLIENT_KEY: clientKey } = settings;
  return { ca, clientCert, clientKey };
}
