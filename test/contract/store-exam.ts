import { describe, expect } from "@jest/globals";
import { apiKeysExam } from "./store/api-keys.ts";
import { catalogExam } from "./store/catalog.ts";
import { checkpointsExam } from "./store/checkpoints.ts";
import { delayedExam } from "./store/delayed.ts";
import { endsExam } from "./store/ends.ts";
import { flushExam } from "./store/flush.ts";
import type { OpenFresh } from "./store/fresh.ts";
import { gatesExam } from "./store/gates.ts";
import { listExam } from "./store/list.ts";
import { listPagesExam } from "./store/list-pages.ts";
import { movesExam } from "./store/moves.ts";
import { ownershipExam } from "./store/ownership.ts";
import { pruneExam } from "./store/prune.ts";
import { readsExam } from "./store/reads.ts";
import { reclaimExam } from "./store/reclaim.ts";
import { refillExam } from "./store/refill.ts";
import { resolveExam } from "./store/resolve.ts";
import { schemaExam } from "./store/schema.ts";
import { secretsExam } from "./store/secrets.ts";
import { segmentsExam } from "./store/segments.ts";
import { sharedExam } from "./store/shared.ts";
import { startedExam } from "./store/started.ts";
import { statsExam } from "./store/stats.ts";
import { valuesExam } from "./store/values.ts";

/** A plugin may give its driver's kind of byte array; only the bytes count. */
function sameBytes(a: unknown, b: unknown): boolean | undefined {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return undefined;
  return Buffer.compare(a, b) === 0;
}

/**
 * The exam of the store port: every plugin passes it. `openFresh` makes a database of the plugin for one test.
 * @param shared whether several coordinators may divide the store.
 */
export function storeExam(name: string, openFresh: OpenFresh, { shared = false } = {}): void {
  expect.addEqualityTesters([sameBytes]);
  describe(`store port: ${name}`, () => {
    schemaExam(openFresh);
    ownershipExam(openFresh);
    flushExam(openFresh);
    gatesExam(openFresh);
    endsExam(openFresh);
    movesExam(openFresh);
    resolveExam(openFresh);
    valuesExam(openFresh);
    readsExam(openFresh);
    refillExam(openFresh);
    startedExam(openFresh);
    delayedExam(openFresh);
    checkpointsExam(openFresh);
    segmentsExam(openFresh);
    reclaimExam(openFresh);
    pruneExam(openFresh);
    catalogExam(openFresh);
    apiKeysExam(openFresh);
    secretsExam(openFresh);
    listExam(openFresh);
    listPagesExam(openFresh);
    if (shared) sharedExam(openFresh);
    statsExam(openFresh);
  });
}
