import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

/**
 * Name of the session's cookie. Cookies do not know ports: gateways of one host would overwrite each other's. With TLS the
 * browser itself holds the name to its host and to `Secure`.
 */
export function cookieName(request: IncomingMessage, secure: boolean): string {
  const port = /:(\d+)$/.exec(request.headers.host ?? "")?.[1] ?? "";
  const name = port === "" ? "tss_session" : `tss_session_${port}`;
  return secure ? `__Host-${name}` : name;
}

export function readCookie(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** @param seconds 0 takes it away. */
export function sessionCookie(name: string, value: string, seconds: number, secure: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

/** Whether the browser speaks TLS: to us, through a proxy that says so, or by the address people are given. */
export function isSecure(request: IncomingMessage, publicUrl: string | undefined): boolean {
  if ((request.socket as Partial<TLSSocket> | undefined)?.encrypted) return true;
  return request.headers["x-forwarded-proto"] === "https" || (publicUrl ?? "").startsWith("https:");
}
