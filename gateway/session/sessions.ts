import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { cookieName, isSecure, readCookie, sessionCookie } from "./cookie.ts";
import { createSeal, type Seal } from "./seal.ts";

/** The header that every call of the dashboard carries: a page from elsewhere cannot send it without being asked first. */
export const SESSION_HEADER = "x-tss-session";

/** A session that is not used for this long is over. */
const SESSION_MS = 12 * 3_600_000;
/** A link that signs somebody in is good for one use within this time. */
const LINK_MS = 60_000;

export interface SessionOptions {
  /** Makes sessions outlive this process and hold at every gateway that has it; absent: they end with the process. */
  readonly secret?: string | undefined;
  /** TSS_GATEWAY_URL. */
  readonly publicUrl?: string | undefined;
  /** Wall clock, ms. */
  readonly now?: () => number;
}

/**
 * Sessions of the dashboard: an API key, sealed into a cookie that scripts cannot read. The gateway keeps none of them, so
 * that any gateway with the same secret knows them, and what they may is asked of the coordinator with every call.
 */
export class Sessions {
  readonly #cookies: Seal;
  readonly #links: Seal;
  readonly #publicUrl: string | undefined;
  readonly #now: () => number;
  /** Links that were used, until they would have ended by themselves. */
  readonly #used = new Map<string, number>();

  constructor({ secret, publicUrl, now = Date.now }: SessionOptions) {
    const material = secret ?? randomBytes(32);
    this.#cookies = createSeal(material, "dashboard session");
    this.#links = createSeal(material, "dashboard link");
    this.#publicUrl = publicUrl;
    this.#now = now;
  }

  /** Gives the browser a session of the key. @returns when it ends unless it is used, ms. */
  begin(request: IncomingMessage, response: ServerResponse, apiKey: string): number {
    const secure = isSecure(request, this.#publicUrl);
    const until = this.#now() + SESSION_MS;
    const value = this.#cookies.close(JSON.stringify([apiKey, until]));
    response.setHeader("set-cookie", sessionCookie(cookieName(request, secure), value, SESSION_MS / 1_000, secure));
    return until;
  }

  end(request: IncomingMessage, response: ServerResponse): void {
    const secure = isSecure(request, this.#publicUrl);
    response.setHeader("set-cookie", sessionCookie(cookieName(request, secure), "", 0, secure));
  }

  /** Key of the request's session; undefined: it has none that is good. */
  keyOf(request: IncomingMessage): string | undefined {
    const sealed = readCookie(request, cookieName(request, isSecure(request, this.#publicUrl)));
    return sealed === undefined ? undefined : this.#read(this.#cookies, sealed);
  }

  /**
   * Lets a call of the dashboard be one of its session's key. What comes with the cookie and was not made by a page of ours
   * stays without a key: it gets what anybody gets.
   */
  admit(request: IncomingMessage): void {
    if (request.headers.authorization !== undefined || request.headers["x-api-key"] !== undefined) return;
    if (!isFromOurPage(request)) return;
    const apiKey = this.keyOf(request);
    if (apiKey !== undefined) request.headers.authorization = `Bearer ${apiKey}`;
  }

  /** A code that signs a browser in with this key, once. */
  makeLink(apiKey: string): { code: string; expiresAt: number } {
    const expiresAt = this.#now() + LINK_MS;
    return { code: this.#links.close(JSON.stringify([apiKey, expiresAt])), expiresAt };
  }

  /** The key of a link; undefined: it was used, is too old or never was one. */
  useLink(code: string): string | undefined {
    const now = this.#now();
    for (const [used, until] of this.#used) if (until < now) this.#used.delete(used);
    if (this.#used.has(code)) return undefined;
    const apiKey = this.#read(this.#links, code);
    if (apiKey !== undefined) this.#used.set(code, now + LINK_MS);
    return apiKey;
  }

  #read(seal: Seal, sealed: string): string | undefined {
    const text = seal.open(sealed);
    if (text === undefined) return undefined;
    const [apiKey, until] = JSON.parse(text) as [string, number];
    return until > this.#now() ? apiKey : undefined;
  }
}

/** Reads may be links of our pages too (a download): browsers say where a request comes from, and scripts cannot. */
export function isFromOurPage(request: IncomingMessage): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  if (request.headers[SESSION_HEADER] !== undefined) return true;
  return (request.method === "GET" || request.method === "HEAD") && site === "same-origin";
}
