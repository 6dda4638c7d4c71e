import type { TaskRef } from "../../kernel/task-ref.ts";
import type { OwnedShard, ReclaimResult } from "../../ports/store.ts";
import { StoreUnavailableError } from "../../ports/store-errors.ts";
import { type Handles, ownerWrite } from "./handles.ts";
import { moveTask } from "./insert-rows.ts";
import { checkEpochs } from "./ownership.ts";
import type { Row } from "./row-codec.ts";
import { SegmentTally } from "./segment-tally.ts";
import { isBusy } from "./sqlite-errors.ts";
import { UnfinishedScan } from "./unfinished-scan.ts";

/** Longest wait for a lock, and longest stretch of a scan, in one call: flushes wait meanwhile. */
const PATIENCE_MS = 100;

export interface ReclaimOptions {
  readonly owners: readonly OwnedShard[];
  readonly seg: number;
  readonly endedBefore: number;
  readonly maxMoved: number;
}

/**
 * See SegmentStore.reclaim. One transaction moves what is unfinished and takes the segment out of the ring; its tables are
 * dropped afterwards, step by step. The search for unfinished tasks of a large segment is spread over calls that answer
 * `busy`; most segments need none, because their tally says that everything has ended.
 */
export async function reclaimSegment(
  handles: Handles,
  scans: Map<number, UnfinishedScan>,
  options: ReclaimOptions,
): Promise<ReclaimResult> {
  const { owners, seg, maxMoved } = options;
  const first = transaction(handles, () => {
    checkEpochs(handles.writer, owners);
    const row = sealedSegment(handles, seg);
    if (row === "gone" || row === "open") return row;
    if (newestOf(handles, row, seg) >= options.endedBefore) return "recent" as const;
    return { generation: row["generation"] as number, unfinished: unfinishedOf(row) };
  });
  if (first === "gone") return { outcome: "reclaimed", moved: [] };
  if (first === "open") return { outcome: "recent" };
  if (first === "recent" || first === "busy") return { outcome: first };
  if (first.unfinished > maxMoved) return { outcome: "unfinished", unfinished: first.unfinished };

  let scan = scans.get(seg);
  if (scan === undefined || scan.generation !== first.generation) scan = new UnfinishedScan(seg, first.generation);
  if (first.unfinished > 0) {
    scans.set(seg, scan);
    if (!(await scan.run(handles.reader, PATIENCE_MS))) return { outcome: "busy" };
  }
  const result = transaction(handles, () => giveBack(handles, options, scan));
  if (result === "busy") return { outcome: "busy" };
  if (result.outcome === "reclaimed") {
    scans.delete(seg);
    handles.memory.freed.add(seg);
    handles.memory.generations = null;
  }
  return result;
}

/** Moves what the scan found and is still unfinished, then marks the segment as given back. */
function giveBack(handles: Handles, options: ReclaimOptions, scan: UnfinishedScan): ReclaimResult {
  const { writer } = handles;
  const { owners, seg, endedBefore, maxMoved } = options;
  checkEpochs(writer, owners);
  const row = sealedSegment(handles, seg);
  if (typeof row === "string" || row["generation"] !== scan.generation) return { outcome: "busy" };
  if (newestOf(handles, row, seg) >= endedBefore) return { outcome: "recent" };
  const unfinished = unfinishedOf(row);
  if (unfinished > maxMoved) return { outcome: "unfinished", unfinished };

  const tally = new SegmentTally();
  const move = moveTask(writer);
  const moved: TaskRef[] = [];
  for (const found of scan.found) {
    if (!move(found, row["newest_end"] as number)) continue;
    tally.move(found);
    moved.push({ shard: found.shard, lane: found.lane, seq: found.seq });
  }
  tally.write(handles);
  if (moved.length !== unfinished)
    throw new Error(
      `Segment ${seg} of ${handles.path} has ${unfinished} unfinished tasks, ${moved.length} were found.`,
    );
  writer.prepare("UPDATE segment SET freed = 1 WHERE seg = ?").run(seg);
  return { outcome: "reclaimed", moved };
}

function transaction<T>(handles: Handles, body: () => T): T | "busy" {
  try {
    return handles.writer.impatiently(PATIENCE_MS, () => ownerWrite(handles, body));
  } catch (error) {
    if (error instanceof StoreUnavailableError && isBusy(error.cause)) return "busy";
    throw error;
  }
}

function sealedSegment({ writer }: Handles, seg: number): Row | "gone" | "open" {
  const row = writer.prepare("SELECT * FROM segment WHERE seg = ? AND freed = 0").get(seg);
  if (row === undefined) return "gone";
  const newest = writer.prepare("SELECT max(generation) AS generation FROM segment").get();
  return newest?.["generation"] === row["generation"] ? "open" : row;
}

/** Newest end; without ends the newest task; 0: the segment is empty. */
function newestOf({ writer }: Handles, row: Row, seg: number): number {
  if ((row["newest_end"] as number) > 0) return row["newest_end"] as number;
  return (writer.prepare(`SELECT max(created_at) AS at FROM task_${seg}`).get()?.["at"] as number | null) ?? 0;
}

/** Exact: an end is only written where its task is, and both are tallied in the transaction that writes them. */
const unfinishedOf = (row: Row): number => (row["tasks"] as number) - (row["ends"] as number);
