import { expect, test } from "@jest/globals";
import pg from "pg";
import { emptyDatabase } from "./test-databases.ts";

test("a test gets a database of its own on a server whose commits are durable", async () => {
  const client = new pg.Client({ connectionString: await emptyDatabase() });
  await client.connect();
  const tables = await client.query("SELECT FROM pg_tables WHERE schemaname = 'public'");
  const durable = await client.query("SELECT current_setting('fsync') f, current_setting('synchronous_commit') s");
  await client.end();
  expect(tables.rowCount).toBe(0);
  expect(durable.rows).toEqual([{ f: "on", s: "on" }]);
});
