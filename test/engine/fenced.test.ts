import { expect, test } from "@jest/globals";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { FencedError } from "../../coordinator/ports/store-errors.ts";
import { startEngine, submit } from "../support/engine-house.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

test("an owner with nothing to write learns by itself that another has taken over", async () => {
  const url = await freshSqlite();
  const open = () => sqliteStore.open(url, { readConnections: 2, failpoint: () => {} });
  const first = await startEngine(await open());
  await submit(first, [{ command: "true" }]);
  const second = await startEngine(await open(), {}, true);
  expect(await first.stopped).toBeInstanceOf(FencedError);
  await expect(submit(first, [{ command: "true" }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await submit(second, [{ command: "true" }]);
  await first.close();
  await second.close();
});
