import { refKey, type TaskRef } from "../../../coordinator/kernel/task-ref.ts";
import type { OwnedShard, ReclaimResult, Segment, SegmentRange } from "../../../coordinator/ports/store.ts";
import { type Disk, LATER, MOVED, newTables, type Tables } from "./disk.ts";
import { moveTask } from "./write-flush.ts";

const DAY_MS = 86_400_000;

export function listSegments(disk: Disk): Segment[] {
  return [...disk.segments.values()].filter(({ seg }) => seg !== LATER).map(segmentOf);
}

/** See SegmentStore.open. @param member that opens it; 0: the owner of the whole store. */
export function openSegment(
  disk: Disk,
  owners: readonly OwnedShard[],
  from: readonly SegmentRange[],
  at: number,
  member: number,
): Segment {
  disk.fence(owners);
  const own = [...disk.segments.values()].filter((one) => one.seg !== LATER && one.member === member && !one.sealed);
  const asked = own.find(({ ranges }) => from.length > 0 && from.every((range) => ranges.some(beginsAt(range))));
  if (asked !== undefined) return segmentOf(asked);
  const starts = new Map(from.map(({ shard, fromSeq }) => [shard, fromSeq]));
  closeRanges(disk, starts);
  for (const one of own) one.sealed = true;
  let seg = 1;
  while (disk.segments.has(seg)) seg++;
  const tables = newTables(seg, ++disk.lastGeneration, at, member, from);
  disk.segments.set(seg, tables);
  return segmentOf(tables);
}

/** The open stretches of these shards end where their next ones begin. */
export function closeRanges(disk: Disk, starts: ReadonlyMap<number, number>): void {
  const close = (range: SegmentRange): SegmentRange => {
    const untilSeq = starts.get(range.shard);
    return range.untilSeq === undefined && untilSeq !== undefined ? { ...range, untilSeq } : range;
  };
  for (const tables of disk.segments.values()) tables.ranges = tables.ranges.map(close);
}

/** See SegmentStore.reclaim: an owner takes its shards out of the segment, and the last one empties it. */
export function reclaimSegment(
  disk: Disk,
  owners: readonly OwnedShard[],
  seg: number,
  endedBefore: number,
  maxMoved: number,
): ReclaimResult {
  disk.fence(owners);
  const tables = disk.segments.get(seg);
  if (tables === undefined) return { outcome: "reclaimed", moved: [] };
  if (isOpen(disk, tables) || newestOf(tables) >= endedBefore) return { outcome: "recent" };
  const own = new Set(owners.map(({ shard }) => shard));
  const unfinished = [...tables.tasks.values()].filter((row) => own.has(row.shard) && !tables.ends.has(refKey(row)));
  if (unfinished.length > maxMoved) return { outcome: "unfinished", unfinished: unfinished.length };
  const moved: TaskRef[] = [];
  for (const row of unfinished) {
    moveTask(disk, row, newestOf(tables));
    moved.push({ shard: row.shard, lane: row.lane, seq: row.seq });
  }
  tables.ranges = tables.ranges.filter(({ shard }) => !own.has(shard));
  if (tables.ranges.length === 0) disk.segments.delete(seg);
  return { outcome: "reclaimed", moved };
}

export function pruneLater(disk: Disk, owners: readonly OwnedShard[], endedBefore: number, limit: number): number {
  disk.fence(owners);
  const later = disk.segments.get(LATER) as Tables;
  const old = [...later.ends]
    .filter(([, { at }]) => at < endedBefore)
    .sort(([, a], [, b]) => a.at - b.at)
    .slice(0, limit);
  for (const [key] of old) for (const table of [later.tasks, later.events, later.ends]) table.delete(key);
  return old.length;
}

export function pruneGates(disk: Disk, now: number): void {
  for (const [key, { expiresAt }] of disk.gates) if (expiresAt <= now) disk.gates.delete(key);
  const named = new Set<number>();
  let oldest = now - DAY_MS;
  for (const { seg, openedAt, events } of disk.segments.values()) {
    if (seg !== LATER) oldest = Math.min(oldest, openedAt);
    for (const rows of events.values()) for (const { session } of rows) named.add(session);
  }
  for (const [number, { at }] of disk.sessions) if (at < oldest && !named.has(number)) disk.sessions.delete(number);
}

/** The member that opened it lives and may take shards into it, or a stretch of it has no end yet. */
function isOpen(disk: Disk, { sealed, member, ranges }: Tables): boolean {
  const lives = member !== 0 && disk.members.get(member)?.connected === true;
  return (!sealed && lives) || ranges.some(({ untilSeq }) => untilSeq === undefined);
}

/** Newest end; without ends the newest task. */
function newestOf({ ends, tasks }: Tables): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { at, status } of ends.values()) if (status !== MOVED) newest = Math.max(newest, at);
  if (newest > Number.NEGATIVE_INFINITY) return newest;
  for (const { createdAt } of tasks.values()) newest = Math.max(newest, createdAt);
  return newest;
}

const beginsAt = (range: SegmentRange) => (one: SegmentRange) =>
  one.shard === range.shard && one.fromSeq === range.fromSeq;

function segmentOf({ seg, generation, openedAt, ranges }: Tables): Segment {
  return { seg, generation, openedAt, ranges: ranges.map((range) => ({ ...range })) };
}
