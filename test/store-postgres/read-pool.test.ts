import { expect, test } from "@jest/globals";
import pg from "pg";
import { targetOf } from "../../coordinator/plugins/store-postgres/connection-url.ts";
import { ReadPool } from "../../coordinator/plugins/store-postgres/read-pool.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { freshDatabase } from "../support/database.ts";

test.each([
  ["under way", "SELECT pg_sleep(60)"],
  ["between two statements", null],
])(
  "a connection in use that is lost while a statement is %s is an error of that read, and of nothing else",
  async (_, text) => {
    const url = await freshDatabase();
    const pool = new ReadPool(url, 1, targetOf(url));
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    const uncaught: unknown[] = [];
    const hear = (error: unknown) => uncaught.push(error);
    process.on("uncaughtException", hear);
    try {
      const lost = pool.transaction(async (client) => {
        const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
        const running = text === null ? undefined : client.query(text);
        running?.catch(() => {});
        const gone = new Promise((resolve) => client.once("end", resolve));
        await killer.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
        await gone;
        await (running ?? client.query("SELECT 1"));
      });
      await expect(lost).rejects.toBeInstanceOf(StoreUnavailableError);
      expect((await pool.rows({ text: "SELECT 1 AS one" }))[0]).toEqual({ one: 1 });
      expect(uncaught).toEqual([]);
    } finally {
      process.off("uncaughtException", hear);
      await killer.end();
      await pool.close();
    }
  },
);
