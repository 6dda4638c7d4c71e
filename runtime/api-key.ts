import { createHash, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { TssError } from "../proto/errors.ts";

/** Keys as secret scanners find them; the last six characters are the checksum of all before them. */
export const API_KEY_PATTERN = /^tss_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARACTERS = 12;
const SECRET_CHARACTERS = 43;
const CHECKSUM_CHARACTERS = 6;

/** Bytes of chance that a key is made of: 9 for the id, 32 (256 bits) for the secret. */
export const API_KEY_RANDOM_BYTES = 41;

export interface ParsedKey {
  /** 12 characters, public: it names the key in lists and logs. */
  readonly id: string;
  readonly secret: string;
}

export type KeyReading =
  | { readonly outcome: "key"; readonly key: ParsedKey }
  /** Not of the form of a key. */
  | { readonly outcome: "malformed" }
  /** The form is right, the checksum is not: a character was lost or changed. */
  | { readonly outcome: "typo" };

/** A key in full: `tss_<id>_<secret><checksum>`. */
export function makeApiKey(random: Uint8Array): { readonly key: string; readonly id: string; readonly secret: string } {
  if (random.length !== API_KEY_RANDOM_BYTES) throw new RangeError(`a key needs ${API_KEY_RANDOM_BYTES} random bytes`);
  const id = base62(random.subarray(0, 9), ID_CHARACTERS);
  const secret = base62(random.subarray(9), SECRET_CHARACTERS);
  return { key: keyText(id, secret), id, secret };
}

/** The text of the key with this id and this secret. */
export function keyText(id: string, secret: string): string {
  const body = `tss_${id}_${secret}`;
  return body + checksum(body);
}

/** Reads a key without asking anybody: most mistakes of copying are found by its checksum. */
export function parseApiKey(text: string): KeyReading {
  const match = API_KEY_PATTERN.exec(text);
  if (!match) return { outcome: "malformed" };
  const [, id = "", secret = "", sum] = match;
  if (checksum(`tss_${id}_${secret}`) !== sum) return { outcome: "typo" };
  return { outcome: "key", key: { id, secret } };
}

/** Said where a join token is typed, before anybody is asked, and by who is asked. */
export function malformedJoinToken(): TssError {
  return new TssError(
    "UNAUTHENTICATED",
    "The join token is malformed or has a typo: copy it once more in full, as `tss key join` showed it.",
    { reason: "JOIN_TOKEN_MALFORMED" },
  );
}

/** Whether a text may be the public part of a key. */
export function isApiKeyId(text: string): boolean {
  return /^[0-9A-Za-z]{12}$/.test(text);
}

/** SHA-256 of the secret part: 256 bits of chance need no slow hash. */
export function hashApiKeySecret(secret: string): Uint8Array {
  return createHash("sha256").update(secret).digest();
}

/** Takes the same time wherever the hashes differ. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function checksum(body: string): string {
  return digits(BigInt(crc32(body)), CHECKSUM_CHARACTERS);
}

function base62(bytes: Uint8Array, length: number): string {
  return digits(BigInt(`0x${Buffer.from(bytes).toString("hex")}`), length);
}

/** The lowest `length` digits. */
function digits(value: bigint, length: number): string {
  let rest = value;
  let text = "";
  while (text.length < length) {
    text = DIGITS[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}
