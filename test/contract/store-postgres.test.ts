import pg from "pg";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { freshDatabase } from "../support/database.ts";
import { emptyDatabase } from "../support/test-databases.ts";
import type { OpenFresh } from "./store/fresh.ts";
import { storeExam } from "./store-exam.ts";

const openFresh: OpenFresh = async ({ migrated = true } = {}) => {
  const url = await (migrated ? freshDatabase() : emptyDatabase());
  const stores: Store[] = [];
  return {
    url,
    plugin: postgresStore,
    async open(options = {}) {
      const store = await postgresStore.open(url, { readConnections: 2, failpoint: () => {}, ...options });
      stores.push(store);
      return store;
    },
    async setSchemaVersion(version) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query("UPDATE tss_meta SET schema_version = $1", [version]);
      await client.end();
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
};

storeExam("postgres", openFresh, { shared: true });
