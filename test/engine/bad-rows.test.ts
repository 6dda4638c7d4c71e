import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { FlushBatch, Store } from "../../coordinator/ports/store.ts";
import { BadRowError } from "../../coordinator/ports/store-errors.ts";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { countTasks, useEngines } from "../support/engines.ts";
import { received } from "../support/received.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();

/** A database that refuses tasks of the name "bad", and with them their whole flush. */
function refusing(store: Store, flushes: FlushBatch[]): Store {
  return new Proxy(store, {
    get(target, property) {
      const value = target[property as keyof Store];
      if (property !== "flush") return typeof value === "function" ? value.bind(target) : value;
      return async (batch: FlushBatch) => {
        flushes.push(batch);
        if (batch.tasks.some(({ name }) => name === "bad")) throw new BadRowError("no such value", undefined);
        return target.flush(batch);
      };
    },
  });
}

test("a task that the database refuses fails alone, whatever shared its flush", async () => {
  const url = await freshSqlite();
  const flushes: FlushBatch[] = [];
  const open = async () => refusing(await sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }), flushes);
  const house = await start(open, { leaseTtlMs: 60_000 });
  // A worker is there already: tasks are given out in the flush that brings them.
  const worker = new TestWorker(house, { credit: 100 });
  const [first] = await submit(house, [{ command: "x" }]);
  await worker.until((w) => w.leases.length === 1);
  const busy = house.store.hold("before", "flush");
  worker.report(worker.leases[0]!);
  await busy.reached;
  const send = async (names: string[], requestId: string) => {
    const tasks = names.map((name) => ({ name, command: "x", idempotencyKey: keyOf(name) }));
    const answers = await house.operations.tasks.submitTasks(CALLER, received({ tasks, requestId }));
    return answers.map((answer) => ("id" in answer ? answer.id : answer));
  };
  const sent = [send(["a", "b"], "r1"), send(["c", "bad", "keyed-d"], "r2"), send(["keyed-e"], "r3")];
  busy.release();
  const [one, two, three] = await Promise.all(sent);
  const id = expect.any(String);
  const refused = expect.objectContaining({ message: expect.stringContaining("refuses") });
  expect([one, two, three]).toEqual([[id, id], [id, refused, id], [id]]);
  const good = [...one!, ...two!, ...three!].filter((answer) => typeof answer === "string");
  await worker.until((w) => w.leases.length === 6);
  expect(worker.leases.map(({ id }) => id).sort()).toEqual([first, ...good].sort());
  expect(await countTasks(house)).toMatchObject({ running: 5n, waiting: 0n, succeeded: 1n, failed: 0n });
  expect(worker.acks).toMatchObject([{ id: first, accepted: true }]);

  // The same messages again make nothing new, and the bad one is refused again.
  expect(await Promise.all([send(["a", "b"], "r1"), send(["c", "bad", "keyed-d"], "r2")])).toEqual([one, two]);
  expect(await countTasks(house)).toMatchObject({ running: 5n, waiting: 0n, succeeded: 1n });
  // A credit that a lease had taken in a flush that was not written is there again.
  expect([...house.engine.state.sessions.values()][0]).toMatchObject({ credit: 94 });
});

function keyOf(name: string): string {
  return name.startsWith("keyed") ? name : "";
}
