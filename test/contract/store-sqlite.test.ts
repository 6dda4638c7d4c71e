import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { storeExam } from "./store-exam.ts";

storeExam("sqlite", async ({ migrated = true } = {}) => {
  const directory = mkdtempSync(join(tmpdir(), "tss-store-"));
  const path = join(directory, "tss.db");
  const url = `sqlite:${path}`;
  if (migrated) await sqliteStore.migrate(url);
  const stores: Store[] = [];
  return {
    url,
    plugin: sqliteStore,
    async open(options = {}) {
      const store = await sqliteStore.open(url, { readConnections: 2, failpoint: () => {}, ...options });
      stores.push(store);
      return store;
    },
    async setSchemaVersion(version) {
      const db = new DatabaseSync(path);
      db.prepare("UPDATE meta SET value = ? WHERE key = 'schema_version'").run(version);
      db.close();
    },
    async close() {
      for (const store of stores) await store.close();
      rmSync(directory, { recursive: true });
    },
  };
});
