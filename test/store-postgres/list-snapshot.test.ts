import { expect, test } from "@jest/globals";
import { listQuery } from "../contract/store/list-query.ts";
import { startOwner } from "../contract/store/owner.ts";
import { seqs, T0 } from "../contract/store/rows.ts";
import { inLab } from "./lab.ts";

test(
  "a task that moves to segment 0 while a page is read is on it once",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
    const [young, moving] = [owner.task({ seg: 0, createdAt: T0 + 5 }), owner.task()];
    await owner.flush({ tasks: [young, moving] });
    // The page has read segment 0, which has the newest task, when it comes to the ends of the ring and waits.
    await lab.beside.query(`BEGIN; LOCK TABLE tss_end_${owner.seg} IN ACCESS EXCLUSIVE MODE`);
    const page = owner.store.reads.list(listQuery([owner.seg, 0]));
    await lab.untilWaiting("tss read");
    await lab.beside.query(
      `SELECT tss_move_out(${owner.seg}, 0, ARRAY[ROW(${moving.createdAt}, ${T0 + 60_000}, ${moving.lane}, ${moving.seq}, ${owner.seg}, ${moving.shard})::tss_move]); COMMIT`,
    );
    expect(seqs((await page).tasks.map((one) => one.task))).toEqual(seqs([young, moving]));
    const later = await owner.store.reads.list(listQuery([owner.seg, 0]));
    expect(later.tasks.map((one) => one.task.seg)).toEqual([0, 0]);
  }),
);
