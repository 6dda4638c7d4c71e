import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { submit, TestWorker } from "../support/engine-house.ts";
import { useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();
const MIB = 1024 * 1024;

test("large tasks that nobody serves keep to the budget of memory, and none is lost", async () => {
  const url = await freshSqlite();
  const house = await start(() => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} }), {
    memoryBytes: MIB,
    leaseTtlMs: 60_000,
  });
  const payload = { data: new Uint8Array(64 * 1024), contentType: "application/octet-stream" };
  const ids: string[] = [];
  for (let round = 0; round < 8; round++)
    for (const queue of ["a", "b", "c"]) {
      const spec = { type: "work", queue, payload };
      ids.push(...(await submit(house, [spec, spec, spec, spec, spec])));
    }
  const { memory } = house.engine.state;
  expect(memory.bytes).toBeLessThanOrEqual(MIB + 70 * 1024);
  const worker = new TestWorker(house);
  worker.succeedAll();
  worker.credit(4);
  await worker.until((w) => w.acks.length >= ids.length);
  expect(new Set(worker.leases.map(({ id }) => id))).toEqual(new Set(ids));
  expect(memory).toEqual({ heads: 0, bytes: 0 });
});
