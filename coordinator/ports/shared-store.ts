import type { OwnedShard } from "./store.ts";

/**
 * What a store offers that several coordinators divide among themselves (docs/decisions/0020). A member is one process;
 * its session with the database shows that it lives. Owning is decided by epochs alone: who lives is a hint.
 */
export interface SharedStore {
  /** The database itself: other than what is stored in it, a copy has another one. */
  identity(): Promise<string>;
  /**
   * Makes this process a member until `leave`.
   * @returns its number, never given twice.
   * @throws OwnedError a coordinator owns the whole store for itself.
   * @throws StoreRestoredError the database is distrusted.
   */
  join(member: NewMember): Promise<number>;
  /**
   * Shows a sign of life and gives the members and owners as they are now.
   * @param leaving this member gives its shards to others and takes none.
   * @throws StoreRestoredError another member distrusts the database: nobody may go on with it.
   */
  look(leaving?: boolean): Promise<ClusterView>;
  /**
   * Takes shards whose owner is still the one that was seen; their epochs rise, durably, after every flush under the old
   * ones has ended one way or the other. Their tasks from now on belong to the segment.
   * @param seg an open segment of this member.
   * @returns those that were taken; others were quicker with the rest.
   */
  take(claims: readonly ShardClaim[], seg: number): Promise<readonly OwnedShard[]>;
  /** Leaves shards to whoever takes them next; those with a newer epoch are left alone. */
  giveBack(shards: readonly OwnedShard[]): Promise<void>;
  /** The member is no more: what it still owned may be taken at once. */
  leave(): Promise<void>;
}

export interface NewMember {
  /** Host and pid, for people. */
  readonly name: string;
  /** host:port where peers, workers and clients reach it. */
  readonly address: string;
  readonly version: string;
}

export interface Member extends NewMember {
  readonly member: number;
  /** It gives its shards to others. */
  readonly leaving: boolean;
  /** Its session with the database is there. */
  readonly connected: boolean;
  /** Milliseconds since its last sign of life, by the database's clock. */
  readonly silentMs: number;
}

export interface ShardOwner extends OwnedShard {
  /** 0: nobody. */
  readonly member: number;
}

export interface ClusterView {
  readonly members: readonly Member[];
  /** Every shard, in order. */
  readonly shards: readonly ShardOwner[];
}

export interface ShardClaim {
  readonly shard: number;
  /** Owner that was seen; 0: nobody. */
  readonly from: number;
}
