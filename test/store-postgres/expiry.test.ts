import { expect, test } from "@jest/globals";
import { startOwner } from "../contract/store/owner.ts";
import { endRow, T0 } from "../contract/store/rows.ts";
import { inLab } from "./lab.ts";

test(
  "an owner that knows that nothing can expire yet asks the database nothing",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
    const { recovery } = owner.store;
    const ended = owner.task({ expiresAt: T0 + 50 });
    const open = owner.task({ expiresAt: T0 + 500 });
    await owner.flush({ tasks: [ended, open, owner.task()], ends: [endRow(ended)] });
    const segs = [owner.seg, 0];
    expect(await recovery.expired(segs, T0 + 10, 10)).toEqual([]);
    expect(await recovery.expired(segs, T0 + 60, 10)).toEqual([]);
    // Whoever reads the tables now waits until it is told off.
    await lab.beside.query(`BEGIN; LOCK TABLE tss_task_${owner.seg}, tss_task_0 IN ACCESS EXCLUSIVE MODE`);
    expect(await recovery.expired(segs, T0 + 61, 10)).toEqual([]);
    expect(await recovery.expired(segs, T0 + 499, 10)).toEqual([]);
    await lab.beside.query("ROLLBACK");
    expect((await recovery.expired(segs, T0 + 500, 10)).map(({ seq }) => seq)).toEqual([open.seq]);
  }),
);

test(
  "a task that comes later and expires sooner is not overlooked",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
    const { recovery } = owner.store;
    await owner.flush({ tasks: [owner.task({ expiresAt: T0 + 500 })] });
    expect(await recovery.expired([owner.seg], T0 + 10, 10)).toEqual([]);
    const soon = owner.task({ expiresAt: T0 + 20 });
    await owner.flush({ tasks: [soon] });
    expect((await recovery.expired([owner.seg], T0 + 20, 10)).map(({ seq }) => seq)).toEqual([soon.seq]);
  }),
);
