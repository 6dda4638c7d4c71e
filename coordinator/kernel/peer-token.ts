import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** What one coordinator tells another about the call it passes on. */
export interface PeerClaims {
  /** Id of the API key of the caller, whom the first coordinator has proven. */
  readonly keyId: string;
  /** tss.v1.Role. */
  readonly role: number;
  /** The call is one of many of a job on many tasks. */
  readonly inJob?: boolean;
  /** ms since 1970. */
  readonly until: number;
}

export const PEER_PREFIX = "tsspeer_";

/** A call is passed on at once; a minute forgives clocks that differ. */
const LIFE_MS = 60_000;

/** The secret that coordinators of one database share; nobody else can read it. @param salt of the installation. */
export function peerSecret(salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync("sha256", salt, new Uint8Array(0), "tss peer calls", 32));
}

export function signPeer(secret: Buffer, { keyId, role, inJob }: Omit<PeerClaims, "until">, now: number): string {
  const body = Buffer.from(JSON.stringify({ keyId, role, inJob, until: now + LIFE_MS })).toString("base64url");
  return `${PEER_PREFIX}${body}.${signature(secret, body)}`;
}

/** Null for what is forged, malformed or too old. */
export function readPeer(secret: Buffer, token: string, now: number): PeerClaims | null {
  const [body = "", sent = ""] = token.slice(PEER_PREFIX.length).split(".");
  const expected = Buffer.from(signature(secret, body));
  const given = Buffer.from(sent);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as PeerClaims;
  return claims.until >= now && claims.until <= now + 2 * LIFE_MS ? claims : null;
}

function signature(secret: Buffer, body: string): string {
  return createHmac("sha256", secret).update(body).digest("base64url");
}
