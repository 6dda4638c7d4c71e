import { expect, test } from "@jest/globals";
import { BadRowError } from "../../coordinator/ports/store-errors.ts";
import { type Owner, startOwner } from "../contract/store/owner.ts";
import { endRow } from "../contract/store/rows.ts";
import { inLab, type Lab, rejection } from "./lab.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;
const start = (lab: Lab) => startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
const reclaim = (owner: Owner, seg: number) => owner.store.segments.reclaim(owner.shards, seg, FOREVER, 10);

async function sealedWithOneEnded(owner: Owner): Promise<number> {
  const task = owner.task();
  await owner.flush({ tasks: [task], ends: [endRow(task)] });
  const sealed = owner.seg;
  await owner.openSegment();
  return sealed;
}

test(
  "a segment that a reader holds is skipped and reclaimed later",
  inLab(async (lab) => {
    const owner = await start(lab);
    const sealed = await sealedWithOneEnded(owner);
    await lab.beside.query(`BEGIN; SELECT count(*) FROM tss_task_${sealed}`);
    expect(await reclaim(owner, sealed)).toEqual({ outcome: "busy" });
    await lab.beside.query("COMMIT");
    expect(await reclaim(owner, sealed)).toEqual({ outcome: "reclaimed", moved: [] });
  }),
);

test(
  "one long transaction holds up neither flushes, nor new segments, nor reclaim of segments it does not read",
  inLab(async (lab) => {
    const owner = await start(lab);
    const read = await sealedWithOneEnded(owner);
    const other = await sealedWithOneEnded(owner);
    await lab.beside.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id(); SELECT count(*) FROM tss_task_${read}`,
    );
    const task = owner.task();
    await owner.flush({ tasks: [task] });
    expect(await reclaim(owner, other)).toEqual({ outcome: "reclaimed", moved: [] });
    await owner.openSegment();
    expect(owner.seg).toBe(other);
    await owner.openSegment();
    await owner.flush({ ends: [endRow(task)] });
    expect((await owner.stored(task))?.end?.status).toBe(3);
    expect(await reclaim(owner, read)).toEqual({ outcome: "busy" });
    await lab.beside.query("COMMIT");
  }),
);

test(
  "a segment that is to be emptied takes no more tasks, but ends",
  inLab(async (lab) => {
    const owner = await start(lab);
    const [running, late] = [owner.task(), owner.task()];
    await owner.flush({ tasks: [running] });
    const sealed = owner.seg;
    await owner.openSegment();
    await lab.beside.query(`BEGIN; SELECT count(*) FROM tss_event_${sealed}`);
    expect(await reclaim(owner, sealed)).toEqual({ outcome: "busy" });
    expect(await rejection(owner.flush({ tasks: [late] }))).toBeInstanceOf(BadRowError);
    expect((await owner.flush({ ends: [endRow(running)] })).lostEnds).toEqual([]);
    await lab.beside.query("COMMIT");
    expect(await reclaim(owner, sealed)).toEqual({ outcome: "reclaimed", moved: [] });
    expect(await rejection(owner.flush({ tasks: [late] }))).toBeInstanceOf(BadRowError);
  }),
);

test(
  "rows that a late flush left in freed tables do not show when the number is used again",
  inLab(async (lab) => {
    const owner = await start(lab);
    const sealed = await sealedWithOneEnded(owner);
    await reclaim(owner, sealed);
    const ghost = { ...owner.task(), seg: sealed };
    await owner.flush({ ends: [endRow(ghost)] });
    await owner.openSegment();
    expect(owner.seg).toBe(sealed);
    const reborn = { ...ghost };
    await owner.flush({ tasks: [reborn] });
    expect((await owner.stored(reborn))?.end).toBeNull();
  }),
);
