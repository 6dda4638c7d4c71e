import { expect, test } from "@jest/globals";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { startOwner } from "../contract/store/owner.ts";
import { bytes, endRow, gateRow } from "../contract/store/rows.ts";
import { cutProxy } from "./cut-proxy.ts";
import { inLab, type Lab, rejection } from "./lab.ts";

async function ownerThroughProxy(lab: Lab) {
  const proxy = await cutProxy(lab.url);
  const through = { ...lab, open: () => lab.open({ url: proxy.url }) };
  const owner = await startOwner(through as unknown as Parameters<typeof startOwner>[0]);
  return { proxy, owner };
}

async function inDoubt(promise: Promise<unknown>): Promise<void> {
  const error = (await rejection(promise)) as StoreUnavailableError;
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(error.inDoubt).toBe(true);
}

test(
  "a flush whose answer was lost after the commit is found, whole",
  inLab(async (lab) => {
    const { proxy, owner } = await ownerThroughProxy(lab);
    try {
      const [a, b, c] = [owner.task(), owner.task(), owner.task()];
      await owner.flush({ tasks: [a, b], taskKeys: [0, -1], keys: [gateRow("k:held")], ends: [endRow(b)] });
      const batch = owner.batch({
        tasks: [owner.task(), c],
        taskKeys: [0, 1],
        keys: [gateRow("k:held", { answer: bytes("no") }), gateRow("k:new")],
        ends: [endRow(b), endRow(a)],
      });
      proxy.swallowAnswers();
      await inDoubt(owner.store.flush(batch));
      proxy.mend();
      expect(await owner.store.resolve(batch)).toEqual({
        keys: [{ hash: bytes("hash of k:held"), answer: bytes("answer of k:held") }, null],
        lostEnds: [0],
      });
      expect((await owner.stored(c))?.task).toEqual(c);
      await owner.flush({ ends: [endRow(c)] });
    } finally {
      await proxy.close();
    }
  }),
);

test(
  "a flush that is still at work when its connection is lost is ended before it is judged",
  inLab(async (lab) => {
    const { proxy, owner } = await ownerThroughProxy(lab);
    try {
      const batch = owner.batch({ tasks: [owner.task()] });
      await lab.beside.query(`BEGIN; LOCK TABLE tss_flush_${owner.seg} IN ACCESS EXCLUSIVE MODE`);
      const flushed = inDoubt(owner.store.flush(batch));
      const old = await lab.untilWaiting("tss flush");
      proxy.cutClients();
      await flushed;
      proxy.mend();
      const resolved = owner.store.resolve(batch);
      // It looks for the flush row, and waits for the table, only when the old backend has gone.
      await lab.untilWaiting("tss flush", old);
      await lab.beside.query("COMMIT");
      expect(await resolved).toBeNull();
      expect(await owner.stored(batch.tasks[0]!)).toBeNull();
      expect(await owner.store.flush(batch)).toEqual({ keys: [], lostEnds: [] });
    } finally {
      await proxy.close();
    }
  }),
);

test(
  "a backend that is killed in the middle of a flush leaves nothing, and the flush can be sent again",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
    const batch = owner.batch({ tasks: [owner.task()], requests: [gateRow("r:1")] });
    await lab.beside.query(`BEGIN; LOCK TABLE tss_flush_${owner.seg} IN ACCESS EXCLUSIVE MODE`);
    const flushed = inDoubt(owner.store.flush(batch));
    await lab.untilWaiting("tss flush");
    await lab.beside.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tss flush%' AND datname = current_database()",
    );
    await flushed;
    await lab.beside.query("COMMIT");
    expect(await owner.store.resolve(batch)).toBeNull();
    expect(await owner.store.flush(batch)).toEqual({ keys: [], lostEnds: [] });
  }),
);

test(
  "a connection that was lost while idle costs nothing but a new one",
  inLab(async (lab) => {
    const owner = await startOwner(lab as unknown as Parameters<typeof startOwner>[0]);
    const task = owner.task();
    await owner.flush({ tasks: [task] });
    await lab.beside.query(
      "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name LIKE 'tss%' AND datname = current_database()",
    );
    for (;;) {
      const outcome = await owner.flush({ ends: [endRow(task)] }).catch((error: unknown) => error);
      if (outcome instanceof StoreUnavailableError) continue;
      expect(outcome).toMatchObject({ keys: [] });
      break;
    }
    for (;;) {
      const stored = await owner.stored(task).catch((error: unknown) => error);
      if (stored instanceof StoreUnavailableError) continue;
      expect(stored).toMatchObject({ end: { status: 3 } });
      break;
    }
  }),
);
