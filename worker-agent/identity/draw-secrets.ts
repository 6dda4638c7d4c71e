import { randomBytes } from "node:crypto";
import { API_KEY_RANDOM_BYTES, hashApiKeySecret, keyText, makeApiKey, parseApiKey } from "../../runtime/api-key.ts";
import { makeKeyPair, publicKeyOf } from "../../runtime/tls/key-pair.ts";
import type { Secrets } from "./identity.ts";

/** New secrets, of a new key or of the one with this id. */
export function drawSecrets(id?: string): Secrets {
  const drawn = makeApiKey(randomBytes(API_KEY_RANDOM_BYTES));
  return { key: id === undefined ? drawn.key : keyText(id, drawn.secret), tlsKey: makeKeyPair().key };
}

/** What a coordinator is told of secrets. */
export interface Shown {
  readonly keyId: string;
  readonly secretHash: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function shown({ key, tlsKey }: Secrets): Shown {
  const reading = parseApiKey(key);
  if (reading.outcome !== "key") throw new Error("the agent's key is no key");
  const { id, secret } = reading.key;
  return { keyId: id, secretHash: hashApiKeySecret(secret), publicKey: publicKeyOf(tlsKey) };
}
