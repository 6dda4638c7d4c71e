import type pg from "pg";
import type { OwnedShard } from "../../ports/store.ts";
import { distrusted } from "../../ports/store-errors.ts";
import type { ReadPool } from "./read-pool.ts";

/** A newer owner had its epoch committed before it gave anything out, so it is seen here. */
const NOTE = `UPDATE tss_meta SET foreign_epoch = greatest(foreign_epoch, $3)
  WHERE EXISTS (SELECT FROM tss_shard WHERE shard = $1 AND epoch = $2) RETURNING one`;

export const FOREIGN = "SELECT foreign_epoch FROM tss_meta";

/** See Store.distrust. */
export async function distrust(pool: ReadPool, { shard, epoch }: OwnedShard, foreign: number): Promise<boolean> {
  const noted = await pool.rows({ text: NOTE, values: [shard, epoch, foreign] });
  return noted.length > 0;
}

/** @throws StoreRestoredError */
export async function requireTrust(client: pg.Client): Promise<void> {
  const { rows } = await client.query({ name: "foreign", text: FOREIGN });
  if (Number(rows[0].foreign_epoch) > 0) throw distrusted(Number(rows[0].foreign_epoch));
}
