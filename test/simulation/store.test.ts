import { describe, expect } from "@jest/globals";
import { apiKeysExam } from "../contract/store/api-keys.ts";
import { catalogExam } from "../contract/store/catalog.ts";
import { checkpointsExam } from "../contract/store/checkpoints.ts";
import { delayedExam } from "../contract/store/delayed.ts";
import { endsExam } from "../contract/store/ends.ts";
import { flushExam } from "../contract/store/flush.ts";
import type { OpenFresh } from "../contract/store/fresh.ts";
import { gatesExam } from "../contract/store/gates.ts";
import { listExam } from "../contract/store/list.ts";
import { listPagesExam } from "../contract/store/list-pages.ts";
import { movesExam } from "../contract/store/moves.ts";
import { ownershipExam } from "../contract/store/ownership.ts";
import { pruneExam } from "../contract/store/prune.ts";
import { readsExam } from "../contract/store/reads.ts";
import { reclaimExam } from "../contract/store/reclaim.ts";
import { refillExam } from "../contract/store/refill.ts";
import { resolveExam } from "../contract/store/resolve.ts";
import { secretsExam } from "../contract/store/secrets.ts";
import { segmentsExam } from "../contract/store/segments.ts";
import { sharedExam } from "../contract/store/shared.ts";
import { startedExam } from "../contract/store/started.ts";
import { valuesExam } from "../contract/store/values.ts";
import { SCHEMA_VERSION } from "./store/catalog.ts";
import { Disk } from "./store/disk.ts";
import { type MemoryStore, openMemoryStore } from "./store/memory-store.ts";

const status = { reachable: true, problem: "", version: SCHEMA_VERSION, latest: SCHEMA_VERSION, pending: [] };

const openFresh: OpenFresh = async () => {
  const disk = new Disk(4, () => Date.now());
  const stores: MemoryStore[] = [];
  const open: Awaited<ReturnType<OpenFresh>>["open"] = async ({ failpoint } = {}) => {
    const store = openMemoryStore(disk, failpoint);
    stores.push(store);
    return store;
  };
  return {
    url: "memory:",
    plugin: { status: async () => status, migrate: async () => status, open: async () => open() },
    open,
    setSchemaVersion: async () => {},
    async close() {
      for (const store of stores) store.disconnect();
    },
  };
};

// What the simulation finds is worth as much as its store is true: it passes the exam of the stores, all but schema and
// statistics, of which it has none.
describe("store port: simulated", () => {
  expect.addEqualityTesters([
    (a: unknown, b: unknown) =>
      a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : undefined,
  ]);
  const exams = [ownershipExam, flushExam, gatesExam, endsExam, movesExam, resolveExam, valuesExam, readsExam];
  const more = [refillExam, startedExam, delayedExam, checkpointsExam, segmentsExam, reclaimExam, pruneExam];
  const rest = [catalogExam, apiKeysExam, secretsExam, listExam, listPagesExam, sharedExam];
  for (const exam of [...exams, ...more, ...rest]) exam(openFresh);
});
