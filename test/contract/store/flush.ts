import { describe, expect, test } from "@jest/globals";
import { EVENT } from "../../../coordinator/ports/rows.ts";
import { BadRowError } from "../../../coordinator/ports/store-errors.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner, startOwner } from "./owner.ts";
import { bytes, endRow, eventRow, gateRow, moveRow, sessionRow, T0, taskRow } from "./rows.ts";

export function flushExam(openFresh: OpenFresh): void {
  describe("flush", () => {
    test(
      "what was written is read back as it was",
      asOwner(openFresh, async (owner) => {
        const task = owner.task({
          shard: 2,
          lane: 7,
          createdAt: T0 + 1,
          runAt: T0 + 2,
          expiresAt: T0 + 3,
          timeoutMs: 4,
          maxAttempts: 5,
          name: "send mail",
          type: "mail",
          labels: ["a=1", "b=2"],
          submittedBy: "k_1",
          retryOf: "older",
          spec: bytes("the spec"),
        });
        const lease = eventRow(task, owner.next(2), { session: 9, attempt: 1, at: T0 + 5 });
        const retry = eventRow(task, owner.next(2), {
          kind: EVENT.retrying,
          attempt: 1,
          at: T0 + 6,
          nextAt: T0 + 7,
          detail: bytes("attempt"),
        });
        const end = endRow(task, {
          status: 4,
          reason: 10,
          attempt: 2,
          token: lease.ord,
          at: T0 + 8,
          detail: bytes("detail"),
          result: bytes("result"),
        });
        const result = await owner.flush({
          tasks: [task],
          events: [retry, lease],
          ends: [end],
          sessions: [sessionRow(9)],
        });
        expect(result).toEqual({ keys: [], lostEnds: [] });
        expect(await owner.stored(task)).toEqual({ task, events: [lease, retry], end, sessions: [sessionRow(9)] });
      }),
    );

    test(
      "a flush without rows is a flush",
      asOwner(openFresh, async (owner) => {
        expect(await owner.flush()).toEqual({ keys: [], lostEnds: [] });
        const rows = await owner.store.recovery.flushesAfter(0, 0, 0, [owner.seg]);
        expect(rows).toHaveLength(1);
        expect(await owner.store.flush({ ...owner.batch(), shards: [] })).toEqual({ keys: [], lostEnds: [] });
      }),
    );

    test(
      "a row the database refuses undoes the whole flush",
      asOwner(openFresh, async (owner) => {
        const first = owner.task();
        await owner.flush({ tasks: [first] });
        const fresh = owner.task();
        await expect(
          owner.flush({
            tasks: [fresh, taskRow({ ...first, name: "again" })],
            taskKeys: [0, -1],
            events: [eventRow(first, owner.next())],
            ends: [endRow(first)],
            requests: [gateRow("r:1")],
            keys: [gateRow("k:1")],
            sessions: [sessionRow(1)],
          }),
        ).rejects.toBeInstanceOf(BadRowError);
        expect(await owner.stored(fresh)).toBeNull();
        expect(await owner.stored(first)).toEqual({ task: first, events: [], end: null, sessions: [] });
        const result = await owner.flush({
          tasks: [fresh],
          taskKeys: [0],
          requests: [gateRow("r:1")],
          keys: [gateRow("k:1")],
          sessions: [sessionRow(1, { workerName: "second try" })],
          events: [eventRow(fresh, owner.next(), { session: 1 })],
        });
        expect(result.keys).toEqual([null]);
        expect((await owner.stored(fresh))?.sessions[0]?.workerName).toBe("second try");
      }),
    );

    test(
      "an event with an ord its task already has is refused, a session named again is ignored",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const event = eventRow(task, owner.next(), { session: 5 });
        await owner.flush({ tasks: [task], events: [event], sessions: [sessionRow(5)] });
        await expect(owner.flush({ events: [event] })).rejects.toBeInstanceOf(BadRowError);
        await owner.flush({ sessions: [sessionRow(5, { workerName: "other" })] });
        expect((await owner.stored(task))?.sessions).toEqual([sessionRow(5)]);
      }),
    );

    test(
      "a thousand rows of each kind go in one flush",
      asOwner(openFresh, async (owner) => {
        const tasks = Array.from({ length: 1_000 }, (_, i) =>
          owner.task({ shard: i % 4, lane: 1 + (i % 7), spec: new Uint8Array(300).fill(i) }),
        );
        const events = tasks.map((task) => eventRow(task, owner.next(task.shard)));
        const ends = tasks.slice(0, 500).map((task) => endRow(task));
        const moves = tasks.slice(500, 600).map((task) => moveRow(task, T0 + 1));
        expect(await owner.flush({ tasks, events, ends, moves })).toEqual({ keys: [], lostEnds: [] });
        const stored = await owner.store.reads.tasks(tasks.map((task) => ({ ...task, segs: [owner.seg, 0] })));
        expect(stored.map((one) => one?.task.seq)).toEqual(tasks.map((task) => task.seq));
        expect(stored.every((one) => one?.events.length === 1)).toBe(true);
        expect(stored.filter((one) => one?.end !== null)).toHaveLength(500);
        expect(stored.filter((one) => one?.task.seg === 0)).toHaveLength(100);
      }),
    );

    test("what fails before the commit leaves nothing, and the store goes on", async () => {
      const database = await openFresh();
      try {
        let armed = false;
        const owner = await startOwner(database, {
          failpoint: (name) => {
            if (armed && name === "flush.before-commit") throw new Error("stopped");
          },
        });
        const task = owner.task();
        armed = true;
        await expect(owner.flush({ tasks: [task], requests: [gateRow("r:x")] })).rejects.toThrow();
        armed = false;
        expect(await owner.stored(task)).toBeNull();
        expect(await owner.flush({ tasks: [task], requests: [gateRow("r:x")] })).toEqual({ keys: [], lostEnds: [] });
        expect(await owner.stored(task)).not.toBeNull();
      } finally {
        await database.close();
      }
    });

    test("a flush passes its failpoints in order", async () => {
      const database = await openFresh();
      try {
        const passed: string[] = [];
        const owner = await startOwner(database, { failpoint: (name) => passed.push(name) });
        passed.length = 0;
        await owner.flush({ tasks: [owner.task()] });
        expect(passed).toEqual(["flush.begin", "flush.before-commit", "flush.after-commit"]);
      } finally {
        await database.close();
      }
    });

    test(
      "what one store committed is what the next one reads",
      asOwner(openFresh, async (owner, fresh) => {
        const task = owner.task();
        await owner.flush({ tasks: [task] });
        await owner.store.close();
        const next = await fresh.open();
        expect((await next.reads.task(task, [owner.seg]))?.task).toEqual(task);
      }),
    );
  });
}
