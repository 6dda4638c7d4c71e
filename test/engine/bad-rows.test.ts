import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { FlushBatch, Store } from "../../coordinator/ports/store.ts";
import { BadRowError } from "../../coordinator/ports/store-errors.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { SubmitTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, submit, TestWorker } from "../support/engine-house.ts";
import { countTasks, useEngines } from "../support/engines.ts";
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
  const send = (names: string[], requestId: string) => {
    const tasks = names.map((name) => create(TaskSpecSchema, { name, command: "x", idempotencyKey: keyOf(name) }));
    const request = create(SubmitTasksRequestSchema, { tasks, requestId });
    return house.operations.tasks.submitTasks(CALLER, request);
  };
  const sent = [send(["a", "b"], "r1"), send(["c", "bad", "keyed-d"], "r2"), send(["keyed-e"], "r3")];
  busy.release();
  const [one, two, three] = (await Promise.all(sent)).map(({ results }) => results);
  expect(one!.map(({ result }) => result.case)).toEqual(["id", "id"]);
  expect(two!.map(({ result }) => result.case)).toEqual(["id", "error", "id"]);
  expect(two![1]!.result.value).toMatchObject({ message: expect.stringContaining("refuses") });
  expect(three!.map(({ result }) => result.case)).toEqual(["id"]);
  const good = [...one!, ...two!, ...three!].flatMap(({ result }) => (result.case === "id" ? [result.value] : []));
  await worker.until((w) => w.leases.length === 6);
  expect(worker.leases.map(({ id }) => id).sort()).toEqual([first, ...good].sort());
  expect(await countTasks(house)).toMatchObject({ running: 5n, waiting: 0n, succeeded: 1n, failed: 0n });
  expect(worker.acks).toMatchObject([{ id: first, accepted: true }]);

  // The same messages again make nothing new, and the bad one is refused again.
  const [again, twice] = (await Promise.all([send(["a", "b"], "r1"), send(["c", "bad", "keyed-d"], "r2")])).map(
    ({ results }) => results.map(({ result }) => (result.case === "id" ? result.value : result.case)),
  );
  expect(again).toEqual(one!.map(({ result }) => result.value));
  expect(twice).toEqual([two![0]!.result.value, "error", two![2]!.result.value]);
  expect(await countTasks(house)).toMatchObject({ running: 5n, waiting: 0n, succeeded: 1n });
  // A credit that a lease had taken in a flush that was not written is there again.
  expect([...house.engine.state.sessions.values()][0]).toMatchObject({ credit: 94 });
});

function keyOf(name: string): string {
  return name.startsWith("keyed") ? name : "";
}
