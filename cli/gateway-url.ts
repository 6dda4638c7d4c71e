import type { Settings } from "../runtime/settings-table.ts";

/** Address of the gateway for a browser on this machine: TSS_GATEWAY_URL, or what TSS_GATEWAY_LISTEN comes to. */
export function gatewayUrl(settings: Settings): string {
  if (settings.TSS_GATEWAY_URL !== undefined) return settings.TSS_GATEWAY_URL.replace(/\/+$/, "");
  const at = settings.TSS_GATEWAY_LISTEN.lastIndexOf(":");
  const host = settings.TSS_GATEWAY_LISTEN.slice(0, at);
  const everywhere = host === "" || host === "0.0.0.0" || host === "[::]";
  const scheme = settings.TSS_TLS_CERT === undefined ? "http" : "https";
  return `${scheme}://${everywhere ? "127.0.0.1" : host}${settings.TSS_GATEWAY_LISTEN.slice(at)}`;
}

/** The dashboard's page of a task. */
export function taskUrl(settings: Settings, id: string): string {
  return `${gatewayUrl(settings)}/#/task/${encodeURIComponent(id)}`;
}
