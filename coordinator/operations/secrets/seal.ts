import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/**
 * AES-256-GCM over one message: format byte, 96-bit random nonce, 128-bit tag, ciphertext. What the message belongs to is
 * authenticated with it, so that it opens nowhere else.
 */
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;
const CIPHER = "aes-256-gcm";

/** What is sealed belongs to one version of one secret, and is its value or its key. */
export interface Belonging {
  readonly name: string;
  readonly version: number;
  readonly part: "value" | "key";
}

const PARTS = { value: 1, key: 2 } as const;

/** @param key 32 bytes. */
export function seal(key: Uint8Array, plain: Uint8Array, to: Belonging): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound(to));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), text]);
}

/** Undefined: these bytes, this key and what they belong to do not go together. */
export function open(key: Uint8Array, sealed: Uint8Array, to: Belonging): Buffer | undefined {
  if (sealed.length < HEADER_BYTES || sealed[0] !== FORMAT) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound(to));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEADER_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The same bytes for nothing else: all before the name has a fixed length. */
function bound({ name, version, part }: Belonging): Buffer {
  const head = Buffer.alloc(6);
  head[0] = FORMAT;
  head[1] = PARTS[part];
  head.writeUInt32BE(version, 2);
  return Buffer.concat([head, Buffer.from(name)]);
}
