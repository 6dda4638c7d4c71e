import type { OwnedShard } from "./store.ts";

/** API keys and join tokens. Every change of one raises `authVersion`. */
export interface ApiKeyStore {
  apiKeys(): Promise<readonly ApiKeyRow[]>;
  /** Rises with every change of a key. */
  authVersion(): Promise<number>;
  insertApiKey(key: ApiKeyRow): Promise<void>;
  /** @returns false when there is no such key. An earlier revocation keeps its time. */
  revokeApiKey(id: string, at: number): Promise<boolean>;
  touchApiKeys(used: readonly { readonly id: string; readonly at: number }[]): Promise<void>;
  /**
   * Uses a join token up and inserts the key that is made with it, both or neither.
   * @returns false when it was used or revoked before, or has expired.
   */
  redeemJoinToken(id: string, made: ApiKeyRow, at: number): Promise<boolean>;
  /** From now on the key can be used with this secret too. @returns false when it was revoked or has expired. */
  announceSecret(id: string, nextHash: Uint8Array, at: number): Promise<boolean>;
  /** The secret that was announced becomes the only one. @returns false when another was, or the key may not be used. */
  settleSecret(id: string, nextHash: Uint8Array, expiresAt: number, at: number): Promise<boolean>;
  /** Deletes join tokens and keys that joined (`renewMs`) which were revoked, used up or expired before a time. */
  forgetJoined(endedBefore: number): Promise<void>;
}

/** Small tables that people change: lanes, queues, API keys, jobs on many tasks. Each call is its own short transaction. */
export interface CatalogStore extends ApiKeyStore {
  meta(): Promise<Meta>;

  /** @param after only lanes with higher ids; default all. */
  lanes(after?: number): Promise<readonly LaneRow[]>;
  /** The id of each lane, made when new; the same key gives the same id for every caller. */
  internLanes(keys: readonly string[]): Promise<readonly number[]>;
  /** Forgets lanes that no segment contains any more. Their ids are not used again. */
  forgetLanes(lanes: readonly number[]): Promise<void>;

  queues(): Promise<readonly QueueRow[]>;
  /** Inserts or replaces. */
  saveQueue(queue: QueueRow): Promise<void>;

  /** Oldest first. */
  bulks(): Promise<readonly BulkRow[]>;
  /**
   * Inserts or replaces, under the epoch check of the shard whose owner carries jobs out.
   * @throws FencedError the shard has a newer epoch; nothing was written.
   */
  saveBulk(bulk: BulkRow, owner: OwnedShard): Promise<void>;
  deleteBulks(ids: readonly string[]): Promise<void>;
}

/** A job on many tasks. */
export interface BulkRow {
  readonly id: string;
  readonly createdAt: number;
  /** JSON of what it is and how far it is. */
  readonly body: string;
}

export interface Meta {
  /** Shards of this installation; fixed when it was made. */
  readonly shards: number;
  /** 32 random bytes of this installation: keys the check bits of ids. */
  readonly salt: Uint8Array;
  readonly schemaVersion: number;
}

export interface LaneRow {
  readonly lane: number;
  /** Canonical JSON of the lane's key. */
  readonly key: string;
}

export interface QueueRow {
  readonly name: string;
  readonly paused: boolean;
  readonly pauseNote: string;
  /** 0: not paused. */
  readonly pausedAt: number;
  /** Settings of later features, JSON. */
  readonly config: string;
}

export interface ApiKeyRow {
  /** 12 characters, public. */
  readonly id: string;
  readonly name: string;
  /** tss.v1.Role. */
  readonly role: number;
  /** SHA-256 of the secret part. */
  readonly hash: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** 0: not revoked. */
  readonly revokedAt: number;
  readonly lastUsedAt: number;
  /** Of a join token and of a key that joined: how long the key lives from each renewal. Absent: it is never renewed. */
  readonly renewMs?: number;
  /** SHA-256 of the secret part that is to take the place of the other. */
  readonly nextHash?: Uint8Array;
  /** Of a join token that was used up: id of the key that was made with it. */
  readonly usedBy?: string;
}
