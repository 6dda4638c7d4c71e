import { refKey, type TaskRef } from "../../../coordinator/kernel/task-ref.ts";
import type { ApiKeyRow, BulkRow, QueueRow } from "../../../coordinator/ports/catalog-store.ts";
import type { EndRow, EventRow, GateRow, SessionRow, TaskRow } from "../../../coordinator/ports/rows.ts";
import type { SecretRow } from "../../../coordinator/ports/secret-store.ts";
import type { Member } from "../../../coordinator/ports/shared-store.ts";
import type {
  Checkpoint,
  FlushResult,
  FlushShard,
  OwnedShard,
  SegmentRange,
} from "../../../coordinator/ports/store.ts";
import { distrusted, FencedError } from "../../../coordinator/ports/store-errors.ts";

export const LATER = 0;
/** Status of the end row that a moved task leaves behind. */
export const MOVED = 0;

/** What one segment holds. */
export interface Tables {
  readonly seg: number;
  readonly generation: number;
  readonly openedAt: number;
  /** Member that opened it; 0: the one owner of the whole store. */
  readonly member: number;
  sealed: boolean;
  ranges: SegmentRange[];
  readonly tasks: Map<string, TaskRow>;
  readonly events: Map<string, EventRow[]>;
  readonly ends: Map<string, EndRow>;
  readonly flushes: (FlushShard & { readonly result: FlushResult })[];
}

export interface DiskShard {
  epoch: number;
  member: number;
  owner: string;
}

export type DiskMember = Omit<Member, "silentMs" | "connected" | "leaving"> & {
  leaving: boolean;
  beatAt: number;
  connected: boolean;
};

/** What the database keeps: it outlives every process, and every change of it is made at one moment. */
export class Disk {
  readonly shards: DiskShard[];
  readonly segments = new Map<number, Tables>();
  readonly gates = new Map<string, GateRow>();
  readonly sessions = new Map<number, SessionRow>();
  readonly checkpoints = new Map<number, Checkpoint>();
  readonly lanes = new Map<number, string>();
  readonly queues = new Map<string, QueueRow>();
  readonly apiKeys = new Map<string, ApiKeyRow>();
  readonly secrets = new Map<string, SecretRow>();
  readonly bulks = new Map<string, BulkRow>();
  readonly members = new Map<number, DiskMember>();
  readonly salt: Uint8Array;
  authVersion = 1;
  /** Highest epoch of a token that was not given out here; 0: none was seen. */
  foreignEpoch = 0;
  lastLane = 0;
  lastMember = 0;
  lastGeneration = 0;
  /** The connection that owns the whole store and its name; null: nobody does. */
  owner: { readonly connection: object; readonly name: string } | null = null;
  /** Clock of the database, ms. */
  readonly now: () => number;

  constructor(shards: number, now: () => number) {
    this.shards = Array.from({ length: shards }, () => ({ epoch: 0, member: 0, owner: "" }));
    this.salt = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
    this.now = now;
    this.segments.set(LATER, newTables(LATER, 0, 0, 0, []));
  }

  /** @throws FencedError a shard has a newer epoch. */
  fence(owners: readonly OwnedShard[]): void {
    for (const { shard, epoch } of owners) if (this.shards[shard]?.epoch !== epoch) throw new FencedError();
  }

  /** See Store.distrust. */
  distrust({ shard, epoch }: OwnedShard, foreign: number): boolean {
    if (this.shards[shard]?.epoch !== epoch) return false;
    this.foreignEpoch = Math.max(this.foreignEpoch, foreign);
    return true;
  }

  /** @throws StoreRestoredError */
  requireTrust(): void {
    if (this.foreignEpoch > 0) throw distrusted(this.foreignEpoch);
  }

  hasEnded(seg: number, ref: TaskRef): boolean {
    return this.segments.get(seg)?.ends.has(refKey(ref)) ?? false;
  }
}

export function newTables(
  seg: number,
  generation: number,
  openedAt: number,
  member: number,
  ranges: readonly SegmentRange[],
): Tables {
  return {
    ...{ seg, generation, openedAt, member, sealed: false, ranges: [...ranges] },
    ...{ tasks: new Map(), events: new Map(), ends: new Map(), flushes: [] },
  };
}
