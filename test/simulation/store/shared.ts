import { COUNTERS_PER_EPOCH } from "../../../coordinator/kernel/task-ref.ts";
import type { ClusterView, NewMember, ShardClaim } from "../../../coordinator/ports/shared-store.ts";
import type { OwnedShard } from "../../../coordinator/ports/store.ts";
import { OwnedError } from "../../../coordinator/ports/store-errors.ts";
import type { Disk, DiskShard, Tables } from "./disk.ts";
import { closeRanges } from "./segments.ts";

/** See Store.claim. @param connection ends when its process does. */
export function claimAll(
  disk: Disk,
  connection: object,
  name: string,
  takeover: boolean,
  by: number | undefined,
): readonly OwnedShard[] {
  const member = [...disk.members.values()].find(({ connected }) => connected);
  const other = disk.owner !== null && disk.owner.connection !== connection ? disk.owner.name : undefined;
  const living = other ?? member?.name;
  if (living !== undefined && !takeover) throw new OwnedError(living);
  if (by === undefined) disk.requireTrust();
  disk.owner = { connection, name };
  const foreign = disk.foreignEpoch;
  disk.foreignEpoch = 0;
  return disk.shards.map((row, shard) => {
    Object.assign(row, { epoch: Math.max(row.epoch, foreign) + (by ?? 1), member: 0, owner: name });
    return { shard, epoch: row.epoch };
  });
}

export function join(disk: Disk, fields: NewMember): number {
  if (disk.owner !== null) throw new OwnedError(disk.owner.name);
  disk.requireTrust();
  const member = ++disk.lastMember;
  disk.members.set(member, { ...fields, member, leaving: false, beatAt: disk.now(), connected: true });
  return member;
}

export function look(disk: Disk, self: number, leaving: boolean): ClusterView {
  disk.requireTrust();
  const own = disk.members.get(self);
  if (own !== undefined) Object.assign(own, { leaving, beatAt: disk.now() });
  return {
    members: [...disk.members.values()].map(({ beatAt, ...one }) => ({ ...one, silentMs: disk.now() - beatAt })),
    shards: disk.shards.map(({ epoch, member }, shard) => ({ shard, epoch, member })),
  };
}

/** Compare and set: a shard whose owner is no longer the one that was seen is left alone. */
export function take(disk: Disk, self: number, claims: readonly ShardClaim[], seg: number): readonly OwnedShard[] {
  const name = disk.members.get(self)?.name;
  const taken: OwnedShard[] = [];
  for (const { shard, from } of claims) {
    const row = disk.shards[shard] as DiskShard;
    if (row.member !== from || name === undefined) continue;
    Object.assign(row, { epoch: row.epoch + 1, member: self, owner: name });
    taken.push({ shard, epoch: row.epoch });
  }
  const starts = new Map(taken.map(({ shard, epoch }) => [shard, epoch * COUNTERS_PER_EPOCH]));
  closeRanges(disk, starts);
  for (const [shard, fromSeq] of starts) (disk.segments.get(seg) as Tables).ranges.push({ shard, fromSeq });
  return taken;
}

export function giveBack(disk: Disk, shards: readonly OwnedShard[]): void {
  for (const { shard, epoch } of shards) {
    const row = disk.shards[shard];
    if (row?.epoch === epoch) Object.assign(row, { member: 0, owner: "" });
  }
}

export function leave(disk: Disk, self: number): void {
  for (const row of disk.shards) if (row.member === self) Object.assign(row, { member: 0, owner: "" });
  disk.members.delete(self);
}
