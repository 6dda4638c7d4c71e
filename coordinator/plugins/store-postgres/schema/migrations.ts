import { randomBytes } from "node:crypto";
import { BULK_TABLE } from "./bulk-table.ts";
import { DISTRUST } from "./distrust.ts";
import { FENCE_FUNCTION } from "./fence-function.ts";
import { JOINING } from "./joining.ts";
import { LEAF_FUNCTION } from "./leaf-function.ts";
import { LOG_TABLES } from "./log-tables.ts";
import { SECRETS } from "./secrets.ts";
import { SHARING } from "./sharing.ts";
import { STATS_TABLES } from "./stats-tables.ts";
import { SHARDS, TABLES } from "./tables.ts";
import { MOVE_FUNCTION, SHARED_WRITE_FUNCTION, WRITE_FUNCTION } from "./write-function.ts";

/** What a migration needs of its runner. */
export interface Runner {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** One step of the schema; its place in the list, counted from 1, is the version it leads to. */
export interface Step {
  /** As the migration table names it: ends in a time, so that names sort in order. */
  readonly name: string;
  readonly up: (runner: Runner) => Promise<void>;
}

/** Append only: a step that was released never changes. */
export const STEPS: readonly Step[] = [
  {
    name: "Foundation1763942400000",
    async up(runner) {
      for (const text of [
        TABLES,
        LEAF_FUNCTION,
        FENCE_FUNCTION,
        WRITE_FUNCTION,
        MOVE_FUNCTION,
        LOG_TABLES,
        "SELECT tss_make_leaf(0)",
      ])
        await runner.query(text);
      await runner.query("INSERT INTO tss_shard (shard) SELECT generate_series(0, $1 - 1)", [SHARDS]);
      await runner.query("INSERT INTO tss_meta (schema_version, shards, salt) VALUES (1, $1, $2)", [
        SHARDS,
        randomBytes(32),
      ]);
    },
  },
  {
    name: "Stats1785500000000",
    async up(runner) {
      await runner.query(STATS_TABLES);
    },
  },
  {
    name: "Sharing1795600000000",
    async up(runner) {
      for (const text of [SHARING, SHARED_WRITE_FUNCTION]) await runner.query(text);
    },
  },
  {
    name: "Bulk1795700000000",
    async up(runner) {
      await runner.query(BULK_TABLE);
    },
  },
  {
    name: "Distrust1795800000000",
    async up(runner) {
      await runner.query(DISTRUST);
    },
  },
  {
    name: "Joining1795900000000",
    async up(runner) {
      await runner.query(JOINING);
    },
  },
  {
    name: "Secrets1796000000000",
    async up(runner) {
      await runner.query(SECRETS);
    },
  },
];

/** Newest schema version of this program. */
export const LATEST = STEPS.length;
