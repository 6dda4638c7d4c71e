import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

/** A key pair as TSS makes them: P-256. */
export interface KeyPair {
  /** SPKI, DER. */
  readonly publicKey: Uint8Array;
  /** PKCS #8, PEM. */
  readonly key: string;
}

export function makeKeyPair(): KeyPair {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  return { key, publicKey: publicKeyOf(key) };
}

/** The public half, SPKI, DER. @param key PEM. */
export function publicKeyOf(key: string): Uint8Array {
  return createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "der" });
}
