import { expect, test } from "@jest/globals";
import { FencedError, OwnedError, StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { claimAll, startOwner } from "../contract/store/owner.ts";
import { until } from "../support/until.ts";
import { inLab, type Lab, rejection } from "./lab.ts";

/** The last thing a flush writes is its flush row: whoever holds that table stops it between its check and its commit. */
async function holdFlushes(lab: Lab, seg: number): Promise<void> {
  await lab.beside.query(`BEGIN; LOCK TABLE tss_flush_${seg} IN ACCESS EXCLUSIVE MODE`);
}

const asFresh = (lab: Lab) => lab as unknown as Parameters<typeof startOwner>[0];

test(
  "a takeover waits for the flush under way, and sees what it wrote",
  inLab(async (lab) => {
    const old = await startOwner(asFresh(lab));
    const task = old.task();
    await holdFlushes(lab, old.seg);
    const flushed = old.flush({ tasks: [task] });
    await lab.untilWaiting("tss flush");

    const next = await lab.open();
    const claimed = claimAll(next, true);
    await lab.untilWaiting("tss owner");
    await lab.beside.query("COMMIT");

    expect(await flushed).toEqual({ keys: [], lostEnds: [] });
    const successor = await claimed;
    expect((await successor.stored(task))?.task).toEqual(task);
    expect(await rejection(old.flush({ tasks: [old.task()] }))).toBeInstanceOf(FencedError);
  }),
);

test(
  "a takeover ends the connection of a flush that does not end by itself, and nothing of it is left",
  inLab(async (lab) => {
    const old = await startOwner(asFresh(lab));
    const batch = old.batch({ tasks: [old.task()] });
    await holdFlushes(lab, old.seg);
    const flushed = rejection(old.store.flush(batch));
    await lab.untilWaiting("tss flush");

    const successor = await claimAll(await lab.open(), true);
    const error = (await flushed) as StoreUnavailableError;
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error.inDoubt).toBe(true);
    await lab.beside.query("COMMIT");
    expect(await successor.store.reads.task(batch.tasks[0]!, [old.seg, 0])).toBeNull();
    expect(await old.store.resolve(batch)).toBeNull();
    expect(await rejection(old.store.flush(batch))).toBeInstanceOf(FencedError);
  }),
  120_000,
);

test(
  "an owner whose session was cut off takes its sign of life back; a fenced one does not",
  inLab(async (lab) => {
    const held = async () =>
      (
        await lab.beside.query(`SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.locktype = 'advisory' AND l.classid = 7702 AND a.datname = current_database()`)
      ).rows.map((row) => row.pid as number);
    const untilHeld = async (done: (pids: number[]) => boolean) => {
      let pids: number[] = [];
      await until("the sign of life to change", async () => {
        pids = await held();
        return done(pids);
      });
      return pids;
    };
    const first = await lab.open();
    await first.claim("first", false);
    const [before] = await held();
    await lab.beside.query("SELECT pg_terminate_backend($1)", [before]);
    await untilHeld((pids) => pids.length === 1 && pids[0] !== before);
    const second = await lab.open();
    expect(await rejection(second.claim("second", false))).toBeInstanceOf(OwnedError);

    await second.claim("second", true);
    const [mine] = await untilHeld((pids) => pids.length === 1);
    // The first one's session is back when it can be seen; what it must not have is the lock.
    expect(await rejection(first.segments.open([{ shard: 0, epoch: 1 }], [], 0))).toBeInstanceOf(FencedError);
    expect(await held()).toEqual([mine]);
    await second.close();
    expect((await (await lab.open()).claim("third", false))[0]?.epoch).toBe(3);
  }),
);

test(
  "a claim waits for the session that a killed owner left behind",
  inLab(async (lab) => {
    await lab.beside.query("SELECT pg_advisory_lock(7702, 0)");
    const claimed = (await lab.open()).claim("next", false);
    await lab.untilWaiting("tss owner");
    await lab.beside.query("SELECT pg_advisory_unlock(7702, 0)");
    expect((await claimed)[0]?.epoch).toBe(1);
  }),
);
