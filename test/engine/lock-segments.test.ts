import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import { AcquireLockRequestSchema, ReleaseLockRequestSchema } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { freshDatabase } from "../support/database.ts";
import { CALLER } from "../support/engine-house.ts";
import { useEngines } from "../support/engines.ts";
import { freshSqlite } from "../support/sqlite-database.ts";

const start = useEngines();

test.each([
  ["SQLite", sqliteStore, freshSqlite],
  ["Postgres", postgresStore, freshDatabase],
])(
  "%s: where nothing but locks is used, each segment is closed and the next is another one",
  async (_n, plugin, fresh) => {
    const url = await fresh();
    const house = await start(() => plugin.open(url, { readConnections: 2, failpoint: () => {} }), {
      segmentRows: 4,
      janitorMs: 20,
    });
    const { segments } = house.engine.state;
    const { locks } = house.operations;
    const turn = async () => {
      const acquire = create(AcquireLockRequestSchema, { name: "deploy" });
      const { token } = await locks.acquireLock(CALLER, acquire, new AbortController().signal);
      await locks.releaseLock(CALLER, create(ReleaseLockRequestSchema, { name: "deploy", token }));
    };
    const seen = [segments.open.generation];
    const opened = house.store;
    for (let rotation = 0; rotation < 3; rotation++) {
      const rotated = opened.hold("after", "segments.open");
      let isThere = false;
      void rotated.reached.then(() => {
        isThere = true;
        rotated.release();
      });
      while (!isThere) await turn();
      await turn();
      seen.push(segments.open.generation);
    }
    const [first] = seen as [number];
    expect(seen).toEqual([first, first + 1, first + 2, first + 3]);
    expect(new Set(segments.newestFirst).size).toBe(segments.newestFirst.length);
  },
);
