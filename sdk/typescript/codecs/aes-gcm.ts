import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { types } from "node:util";
import type { Codec } from "./payload-codec.ts";
import { invalid } from "./stage.ts";

const CIPHER = "aes-256-gcm";
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[A-Za-z0-9._-]{1,63}$/;

export interface AesGcmOptions {
  /** Keys of 32 random bytes by their id, 1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-'. Ids are readable in the payload. */
  readonly keys: Readonly<Record<string, Uint8Array>>;
  /** Id of the key that encrypts; the others only decrypt. */
  readonly current: string;
}

/**
 * Encrypts with AES-256-GCM under a random nonce. Bytes: version 1, length of the key's id, id, nonce of 12 bytes, ciphertext, tag of
 * 16 bytes; what comes before the ciphertext is authenticated too. One key is good for 2^32 payloads: rotate before. A value
 * encrypted twice gives other bytes: under an idempotency key, send again what was encoded first.
 */
export function aesGcm({ keys, current }: AesGcmOptions): Codec {
  const ring = keyRing(keys);
  const key = ring.get(current);
  if (key === undefined)
    throw invalid(
      "CODEC_SHAPE",
      `current of aesGcm() is ${JSON.stringify(current)}, which is not among its keys (${idsOf(ring)}).`,
    );
  const prefix = Buffer.from([VERSION, current.length, ...Buffer.from(current)]);
  return {
    name: "aes-gcm",
    encode(data) {
      const nonce = randomBytes(NONCE_BYTES);
      const header = Buffer.concat([prefix, nonce]);
      const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(header);
      return Buffer.concat([header, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
    },
    decode: (data) => decrypt(ring, data),
  };
}

function decrypt(ring: ReadonlyMap<string, KeyObject>, data: Uint8Array): Uint8Array {
  const nonceAt = 2 + (data[1] ?? 0);
  const bodyAt = nonceAt + NONCE_BYTES;
  const tagAt = data.length - TAG_BYTES;
  const id = Buffer.from(data.subarray(2, nonceAt)).toString("latin1");
  if (data[0] !== VERSION || tagAt < bodyAt || !KEY_ID.test(id))
    throw invalid(
      "PAYLOAD_DAMAGED",
      `The payload's ${data.length} bytes are not what aes-gcm of version ${VERSION} makes.`,
    );
  const key = ring.get(id);
  if (key === undefined)
    throw invalid(
      "UNKNOWN_KEY",
      `The payload is encrypted with the key ${id}, which this client does not have (it has ${idsOf(ring)}); add it to keys of aesGcm().`,
    );
  const decipher = createDecipheriv(CIPHER, key, data.subarray(nonceAt, bodyAt), { authTagLength: TAG_BYTES })
    .setAAD(data.subarray(0, bodyAt))
    .setAuthTag(data.subarray(tagAt));
  try {
    return Buffer.concat([decipher.update(data.subarray(bodyAt, tagAt)), decipher.final()]);
  } catch {
    throw invalid(
      "PAYLOAD_DAMAGED",
      `The payload cannot be decrypted with the key ${id}: this client has another key under that id, or the bytes were changed.`,
    );
  }
}

/** Key objects: copies that are not printed when something is. */
function keyRing(keys: Readonly<Record<string, Uint8Array>>): ReadonlyMap<string, KeyObject> {
  const ring = new Map<string, KeyObject>();
  for (const [id, key] of Object.entries(keys)) {
    if (!KEY_ID.test(id))
      throw invalid(
        "CODEC_SHAPE",
        `keys of aesGcm() has the id ${JSON.stringify(id)}; an id is 1–63 characters of A–Z, a–z, 0–9, '.', '_' and '-'.`,
      );
    if (!types.isUint8Array(key) || key.length !== 32)
      throw invalid("CODEC_SHAPE", `The key ${id} of aesGcm() must be a Uint8Array of 32 random bytes.`);
    ring.set(id, createSecretKey(key));
  }
  return ring;
}

function idsOf(ring: ReadonlyMap<string, KeyObject>): string {
  return ring.size === 0 ? "no keys" : [...ring.keys()].join(", ");
}
