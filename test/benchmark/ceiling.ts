// What this machine's database takes of the product's own rows: same tables, same statement, through the store alone, with
// no gRPC and no engine. Started by run.ts as `ceiling.ts URL TASKS`; tells its parent the tasks a second and its CPU.
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeAttempt } from "../../coordinator/kernel/encode-attempt.ts";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import type { FlushBatch } from "../../coordinator/ports/store.ts";
import { AttemptOutcome, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import { claimAll, type Owner } from "../contract/store/owner.ts";
import { endRow, eventRow, gateRow } from "../contract/store/rows.ts";

/** As the engine makes its flushes when much waits: a thousand tasks, and as many that begin and end. */
const TASKS = 1_000;
const PER_MESSAGE = 100;
/** After so many tasks the engine goes on in the next shard. */
const PER_SHARD = 8_192;

const [, , url = "", count = "100000"] = process.argv;
const store = await (await loadStorePlugin(url)).open(url, { readConnections: 2, failpoint: () => {} });
try {
  const owner = await claimAll(store, true);
  await owner.openSegment(Date.now());
  // Made beforehand: what is measured is what the store does.
  const warmUp = batches(owner, 10 * TASKS);
  const measured = batches(owner, Number(count));
  for (const batch of warmUp) await store.flush(batch);
  const cpu = process.cpuUsage();
  const from = performance.now();
  for (const batch of measured) await store.flush(batch);
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  process.send?.({ perSecond: Number(count) / seconds, cpuUs: (user + system) / Number(count) });
} finally {
  await store.close();
}

function batches(owner: Owner, tasks: number): FlushBatch[] {
  const at = Date.now();
  const { spec, detail } = rowBytes(at);
  const fields = { lane: 1, createdAt: at, spec, name: "noop", type: "noop", submittedBy: "abcdefghijkl" };
  return Array.from({ length: tasks / TASKS }, (_, round) => {
    const shard = Math.floor((round * TASKS) / PER_SHARD) % owner.shards.length;
    const rows = Array.from({ length: TASKS }, () => owner.task({ ...fields, shard }));
    const tokens = rows.map((row) => owner.next(row.shard));
    return owner.batch({
      at,
      tasks: rows,
      events: rows.map((row, index) => eventRow(row, tokens[index] as number, { at, session: 2 ** 47 })),
      ends: rows.map((row, index) => endRow(row, { at, detail, token: tokens[index] as number })),
      requests: Array.from({ length: TASKS / PER_MESSAGE }, (_unused, index) =>
        gateRow(`r:12345-0.123456789-${round}-${index}-${at}`, { hash: new Uint8Array(), expiresAt: at + 86_400_000 }),
      ),
    });
  });
}

/** What the benchmark's client submits, and what is kept of an attempt that did nothing. */
function rowBytes(at: number): { spec: Uint8Array; detail: Uint8Array } {
  const payload = { data: crypto.getRandomValues(new Uint8Array(100)), contentType: "application/octet-stream" };
  const ended = { number: 1, outcome: AttemptOutcome.SUCCEEDED, reason: 0, startedAt: at, endedAt: at };
  return {
    spec: toBinary(TaskSpecSchema, create(TaskSpecSchema, { name: "noop", type: "noop", payload })),
    detail: encodeAttempt({ ...ended, report: undefined, outputKeptBytes: 0, progress: null, messages: [] }),
  };
}
