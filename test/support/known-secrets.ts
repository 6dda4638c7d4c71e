import type { SecretSource } from "../../worker-agent/secrets.ts";

/** Gives every attempt the same values, or what a test makes of it. */
export function knownSecrets(read: SecretSource["read"] | Readonly<Record<string, string>> = {}): SecretSource {
  return { read: typeof read === "function" ? read : async () => read, close() {} };
}
