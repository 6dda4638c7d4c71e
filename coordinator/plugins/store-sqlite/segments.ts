import type { OwnedShard, Segment, SegmentRange, SegmentStore } from "../../ports/store.ts";
import { dayOf, gateDays } from "./gates.ts";
import { type Handles, ownerWrite } from "./handles.ts";
import { checkEpochs } from "./ownership.ts";
import type { Reaper } from "./reaper.ts";
import { reclaimSegment } from "./reclaim.ts";
import type { Row } from "./row-codec.ts";
import { pruneSessions } from "./sessions.ts";
import { segmentTables } from "./tables.ts";
import type { UnfinishedScan } from "./unfinished-scan.ts";

/** A session is named by its first event within moments; one this old that no event names is not waiting for it. */
const SESSION_GRACE_MS = 86_400_000;

export function makeSegments(handles: Handles, reaper: Reaper): SegmentStore {
  const scans = new Map<number, UnfinishedScan>();
  return {
    async list() {
      return handles.reader.read(() =>
        handles.reader.prepare("SELECT * FROM segment WHERE freed = 0 ORDER BY generation").all().map(segmentOf),
      );
    },
    async open(owners, from, at) {
      // Numbers stay few: one that was given back is used again, as soon as its tables are gone.
      await reaper.dropFreed();
      return openNext(handles, owners, from, at);
    },
    async reclaim(owners, seg, endedBefore, maxMoved) {
      const result = await reclaimSegment(handles, scans, { owners, seg, endedBefore, maxMoved });
      if (result.outcome === "reclaimed") reaper.start();
      return result;
    },
    async pruneLater(owners, endedBefore, limit) {
      return ownerWrite(handles, () => pruneLater(handles, owners, endedBefore, limit));
    },
    async pruneGates(now) {
      ownerWrite(handles, () => {
        dropGates(handles, now);
        pruneSessions(handles, now - SESSION_GRACE_MS);
      });
    },
  };
}

/** Makes the tables of the first free number, then opens it; what is left of a crash in between is made use of. */
function openNext(
  handles: Handles,
  owners: readonly OwnedShard[],
  from: readonly SegmentRange[],
  openedAt: number,
): Segment {
  const { writer, memory } = handles;
  const seg = ownerWrite(handles, () => {
    checkEpochs(writer, owners);
    const used = new Set(
      writer
        .prepare("SELECT seg FROM segment")
        .all()
        .map((row) => row["seg"]),
    );
    let free = 1;
    while (used.has(free)) free++;
    writer.exec(segmentTables(free));
    return free;
  });
  const segment = ownerWrite(handles, () => {
    checkEpochs(writer, owners);
    const last = writer.prepare("SELECT * FROM segment ORDER BY generation DESC LIMIT 1").get();
    if (last !== undefined && last["ranges"] === JSON.stringify(from)) return segmentOf(last);
    if (last !== undefined) sealRanges(handles, last, from);
    writer.prepare("UPDATE meta SET value = value + 1 WHERE key = 'generation'").run();
    const generation = writer.prepare("SELECT value FROM meta WHERE key = 'generation'").get()?.["value"] as number;
    writer
      .prepare("INSERT INTO segment (seg, generation, opened_at, ranges) VALUES (?, ?, ?, ?)")
      .run(seg, generation, openedAt, JSON.stringify(from));
    return { seg, generation, openedAt, ranges: from };
  });
  memory.generations = null;
  return segment;
}

/** Notes where the stretches of the segment that was open until now end. */
function sealRanges({ writer }: Handles, last: Row, next: readonly SegmentRange[]): void {
  const ends = new Map(next.map((range) => [range.shard, range.fromSeq]));
  const ranges = segmentOf(last).ranges.map((range) => ({ ...range, untilSeq: ends.get(range.shard) }));
  writer.prepare("UPDATE segment SET ranges = ? WHERE seg = ?").run(JSON.stringify(ranges), last["seg"] as number);
}

function segmentOf(row: Row): Segment {
  return {
    seg: row["seg"] as number,
    generation: row["generation"] as number,
    openedAt: row["opened_at"] as number,
    ranges: JSON.parse(row["ranges"] as string),
  };
}

function pruneLater({ writer }: Handles, owners: readonly OwnedShard[], endedBefore: number, limit: number): number {
  checkEpochs(writer, owners);
  const ended = writer
    .prepare("SELECT shard, lane, seq FROM end_0 WHERE at < ? ORDER BY at LIMIT ?")
    .all(endedBefore, limit);
  for (const table of ["task_0", "event_0", "end_0"]) {
    const remove = writer.prepare(`DELETE FROM ${table} WHERE shard = ? AND lane = ? AND seq = ?`);
    for (const row of ended) remove.run(row["shard"]!, row["lane"]!, row["seq"]!);
  }
  return ended.length;
}

function dropGates({ writer, memory }: Handles, now: number): void {
  const today = dayOf(now);
  memory.gateDays = gateDays(writer);
  for (const day of memory.gateDays) {
    if (day >= today) continue;
    writer.forget([`gate_${day}`]);
    writer.exec(`DROP TABLE gate_${day}`);
    memory.gateDays.delete(day);
  }
}
