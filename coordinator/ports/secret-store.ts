/** Secrets, sealed before they come here: the store never sees a value nor the key of one. */
export interface SecretStore {
  /** All, by name, without what is sealed. */
  secrets(): Promise<readonly SecretFacts[]>;
  /** Those of these names that there are. */
  secretsNamed(names: readonly string[]): Promise<readonly SecretRow[]>;
  /** Inserts version 1, or replaces the version before. @returns false when that is not the one that is there. */
  saveSecret(secret: SecretRow): Promise<boolean>;
  /** Puts the key of this version under another master key. @returns false when version or master key have changed since. */
  rewrapSecret(secret: SecretRow, from: string): Promise<boolean>;
  /** @returns false when there is none. */
  deleteSecret(name: string): Promise<boolean>;
}

export interface SecretFacts {
  readonly name: string;
  readonly version: number;
  /** Queues whose tasks may have it; empty: all. */
  readonly queues: readonly string[];
  /** Of the master key that its own key is wrapped with. */
  readonly masterKeyId: string;
  readonly setAt: number;
  /** Id of the API key. */
  readonly setBy: string;
}

export interface SecretRow extends SecretFacts {
  /** Its own key, sealed with the master key. */
  readonly wrapped: Uint8Array;
  /** Its value, sealed with its own key. */
  readonly sealed: Uint8Array;
}
