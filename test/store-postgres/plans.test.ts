import { expect, test } from "@jest/globals";
import { listQuery } from "../contract/store/list-query.ts";
import { startOwner } from "../contract/store/owner.ts";
import { endRow, eventRow, T0 } from "../contract/store/rows.ts";
import { inLab } from "./lab.ts";

const ROWS = 8_000;

test(
  "statements that were prepared while a segment was empty look rows up when it is full",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0], { readConnections: 1 });
    const { store, seg } = owner;
    const sample = owner.task();
    const readAll = async () => {
      await store.recovery.refill(seg, 0, 1, 0, 500, 1e6);
      await store.recovery.startedAfter(0, 0, new Map(), [seg]);
      await store.recovery.delayedAfter(0, 0, [seg]);
      await store.recovery.expired([seg], 0, T0 + 1_000, null, 100);
      await store.reads.task(sample, [seg]);
      await store.reads.list(listQuery([seg], { limit: 50, maxScanned: 500 }));
      await store.reads.list(listQuery([seg], { limit: 50, endStatuses: [4], unended: false }));
    };
    for (let i = 0; i < 7; i++) await readAll();

    await owner.flush({ tasks: [sample] });
    for (let done = 0; done < ROWS; done += 1_000) {
      const tasks = Array.from({ length: 1_000 }, (_, i) => owner.task({ runAt: T0 + i, expiresAt: T0 + i }));
      await owner.flush({
        tasks,
        events: tasks.map((task) => eventRow(task, owner.next())),
        ends: tasks.map((task) => endRow(task, { status: 4 })),
      });
    }
    await readAll();
    // Sessions report what they read at the latest when they end.
    await store.close();
    const read = await lab.beside.query(
      "SELECT sum(idx_tup_read)::int AS entries, sum(seq_tup_read)::int AS rows FROM pg_stat_user_tables t, LATERAL (SELECT sum(idx_tup_read) AS idx_tup_read FROM pg_stat_user_indexes i WHERE i.relid = t.relid) i WHERE relname LIKE $1",
      [`tss_%_${seg}`],
    );
    // A plan that walks a segment once per row would read ROWS × ROWS entries.
    expect(read.rows[0].entries).toBeLessThan(20 * ROWS);
    expect(read.rows[0].entries).toBeGreaterThan(ROWS);
    expect(read.rows[0].rows).toBe(0);
  }),
  120_000,
);
