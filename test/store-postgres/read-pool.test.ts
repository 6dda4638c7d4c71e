import { expect, test } from "@jest/globals";
import { targetOf } from "../../coordinator/plugins/store-postgres/connection-url.ts";
import { ReadPool } from "../../coordinator/plugins/store-postgres/read-pool.ts";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { emptyDatabase } from "../support/test-databases.ts";

test("a connection that the server ends between two statements of a read fails that read, not the process", async () => {
  const url = await emptyDatabase();
  const pool = new ReadPool(url, 2, targetOf(url));
  try {
    const read = pool.transaction(async (client) => {
      const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
      const gone = new Promise((resolve) => client.once("end", resolve));
      await pool.rows({ text: "SELECT pg_terminate_backend($1)", values: [rows[0].pid] });
      await gone;
      await client.query("SELECT 1");
    });
    await expect(read).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await pool.rows({ text: "SELECT 1 AS one" })).toEqual([{ one: 1 }]);
  } finally {
    await pool.close();
  }
});
