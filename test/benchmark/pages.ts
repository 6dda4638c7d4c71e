// What the dashboard's pages ask for, at many tasks: `node test/benchmark/pages.ts [tasks] [times] [--store postgres | --at URL]`. Fills
// a database of its own (SQLite, or a private Postgres; or the empty one that is named, which is only asked when it has tasks) with
// tasks of four queues (a fiftieth of them failed, the last ten thousand waiting), asks each question so often, and prints how long
// the coordinator took for an answer, without the network. Nothing is asserted.
import { loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import { BulkAction, BulkPhase, PrepareBulkRequestSchema } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { GetSeriesRequestSchema, ListFailureGroupsRequestSchema } from "../../proto/gen/tss/v1/stats_pb.js";
import { AttemptOutcome, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ListTasksRequestSchema } from "../../proto/gen/tss/v1/task_service_pb.js";
import { CALLER, type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { describeMachine } from "./machine.ts";
import { namedDatabase, ownDatabase } from "./own-database.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { store: { type: "string", default: "sqlite" }, at: { type: "string" } },
});
const [wanted = "1000000", times = "40"] = positionals;
const [count, rounds] = [Number(wanted), Number(times)];
const [BATCH, WAITING] = [1_000, 10_000];
const QUEUES = ["mail", "images", "sync", "reports"];

const database = values.at === undefined ? await ownDatabase(values.store) : namedDatabase(values.at);
try {
  if (database.url.startsWith("postgres")) console.log((await describeMachine(database.url)).join("\n"));
  const plugin = await loadStorePlugin(database.url);
  await plugin.migrate(database.url);
  const store = await plugin.open(database.url, { readConnections: 2, failpoint: () => {} });
  const house = await startEngine(store, { retentionMs: 86_400_000 });
  try {
    const { tasks } = await house.operations.tasks.listTasks(CALLER, create(ListTasksRequestSchema, { limit: 1 }));
    if (tasks.length === 0) await fill(house);
    await ask(house);
  } finally {
    await house.close();
  }
} finally {
  await database.close();
}

async function fill(house: EngineHouse): Promise<void> {
  const worker = new TestWorker(house, { types: ["work"], credit: 2 * BATCH });
  let ended = 0;
  worker.onLease = (lease) => {
    const failed = ended++ % 50 === 0;
    const outcome = failed ? AttemptOutcome.FAILED : AttemptOutcome.SUCCEEDED;
    worker.report(lease, outcome, { credit: 1, ...(failed ? { reason: TaskReason.HANDLER_ERROR } : {}) });
  };
  const begun = performance.now();
  for (let at = 0; at < count; at += BATCH) {
    const waits = at >= count - WAITING;
    await submit(
      house,
      Array.from({ length: BATCH }, (_, i) => ({
        name: `task ${(at + i) % 5_000}`,
        type: waits ? "nobody" : "work",
        queue: QUEUES[(at / BATCH) % QUEUES.length] ?? "mail",
        labels: { customer: String((at + i) % 1_000) },
        payload: { data: Buffer.from(`{"order":{"id":${at + i},"lines":[{"sku":"a-${i % 10}"}]}}`) },
      })),
    );
    if (!waits) await worker.until(() => ended >= Math.min(at - BATCH, count - WAITING));
  }
  await worker.until(() => worker.acks.length >= count - WAITING);
  const seconds = (performance.now() - begun) / 1_000;
  const megabytes = Math.round((await database.bytes()) / 1e6);
  console.log(`${count} tasks in ${seconds.toFixed(0)} s, ${megabytes} MB, load ${loadavg()[0]?.toFixed(1)}`);
}

async function ask({ operations }: EngineHouse): Promise<void> {
  const list = (request: object) => () =>
    operations.tasks.listTasks(CALLER, create(ListTasksRequestSchema, { limit: 100, ...request }));
  const { stats } = operations;
  let cursor = "";
  for (let page = 0; page < 50; page++) cursor = (await list({ cursor })()).nextCursor;
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    "list, newest 100": list({}),
    "list, page 51": list({ cursor }),
    "list, waiting": list({ status: [TaskStatus.WAITING] }),
    "list, failed": list({ status: [TaskStatus.FAILED] }),
    "list, a queue": list({ queue: "sync" }),
    "list, a queue's failed": list({ queue: "sync", status: [TaskStatus.FAILED] }),
    "search, a name (200 have it)": list({ name: "task 4711" }),
    "search, a label (1 000 have it)": list({ label: ["customer=42"] }),
    "search, a name nobody has": list({ name: "no such task" }),
    "search, a label left out": list({ notLabel: ["customer=42"] }),
    "search, handlers that begin so": list({ type: "wor*" }),
    "search, a payload (a tenth has it)": list({ args: ["order.lines.sku=a-7"] }),
    "search, a payload nobody has": list({ args: ["order.lines.sku=none"] }),
    "search, an error nobody has": list({ error: ["no such error"] }),
    "search, a wait nobody had": list({ waitedOver: { seconds: 360_000n } }),
    "search, a worker nobody has": list({ worker: ["nobody"] }),
    overview: () => operations.operator.getOverview(CALLER),
    "queues with counts": () => operations.operator.listQueues(CALLER),
    "series, 1 h": () => stats.getSeries(CALLER, create(GetSeriesRequestSchema, { withoutHistograms: true })),
    "failure groups": () => stats.listFailureGroups(CALLER, create(ListFailureGroupsRequestSchema)),
  };
  console.log("\n| question | p50 ms | p95 ms | most ms |\n| --- | ---: | ---: | ---: |");
  for (const [name, question] of Object.entries(questions)) {
    const took: number[] = [];
    for (let round = 0; round < rounds; round++) {
      // What else the coordinator has to do is done between two questions, as it is between two calls.
      await setTimeout(20);
      const from = performance.now();
      await question();
      took.push(performance.now() - from);
    }
    const sorted = took.sort((a, b) => a - b);
    const at = (share: number) => (sorted[Math.min(rounds - 1, Math.floor(rounds * share))] ?? 0).toFixed(1);
    console.log(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`);
  }
  console.log(
    `\ncounting ${WAITING} to cancel: ${(await countBulk(operations)).toFixed(0)} ms, load ${loadavg()[0]?.toFixed(1)}`,
  );
}

async function countBulk({ bulk }: EngineHouse["operations"]): Promise<number> {
  const from = performance.now();
  const request = create(PrepareBulkRequestSchema, { action: BulkAction.CANCEL, filter: {} });
  const { id = "" } = (await bulk.prepareBulk(CALLER, request)).bulk ?? {};
  for (;;) {
    const { phase, total } = (await bulk.getBulk(CALLER, { id } as never)).bulk ?? {};
    if (phase === BulkPhase.READY && total === WAITING) return performance.now() - from;
    if (phase !== BulkPhase.COUNTING) throw new Error(`It counted ${total} and is in phase ${phase}.`);
    await setTimeout(5);
  }
}
