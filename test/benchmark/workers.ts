// `node test/benchmark/workers.ts [--tasks 100000] [--rounds 3] [--slots 1000]`: B1 of the same coordinator with workers of
// the SDKs in turn, on SQLite and on a private Postgres; 100 tasks a message, one submitter. Prints a table; nothing is
// asserted but that every run executed what was accepted. docs/benchmarks.md keeps a run.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import pg from "pg";
import { findFolder } from "../support/binaries.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { describeMachine } from "./machine.ts";
import { throughputTable } from "./report.ts";
import { buildGoWorker } from "./systems/go-worker.ts";
import { startTss } from "./systems/tss.ts";
import { measureThroughput, type ThroughputResult } from "./throughput.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    slots: { type: "string", default: "1000" },
  },
});
const [count, rounds, slots] = [Number(values.tasks), Number(values.rounds), Number(values.slots)];

const binaries = findFolder(["postgres", "initdb"]);
if (binaries === undefined) throw new Error("The benchmark needs Postgres: install it (apt-get install postgresql).");
const go = buildGoWorker();
const server = await startPostgres(binaries);
let databases = 0;

async function freshUrl(): Promise<string> {
  const name = `bench_${++databases}`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  return server.url.replace(/\/postgres$/, `/${name}`);
}

try {
  console.log((await describeMachine(server.url)).join("\n"));
  const results = new Map<string, ThroughputResult[]>();
  for (let round = 0; round < rounds; round++)
    for (const onPostgres of [true, false])
      for (const worker of [go, undefined]) {
        const store = onPostgres ? { databaseUrl: await freshUrl(), postgresPid: server.process.pid } : {};
        const system = await startTss({ ...store, slots, worker });
        try {
          await measureThroughput(system, { count: count / 10, perMessage: 100, submitters: 1 });
          const result = await measureThroughput(system, { count, perMessage: 100, submitters: 1 });
          results.set(system.name, [...(results.get(system.name) ?? []), result]);
        } finally {
          await system.close();
        }
      }
  console.log(`B1, ${count} tasks, 100 a message, 1 submitter, ${slots} slots, ${rounds} rounds:`);
  console.log(throughputTable(results));
} finally {
  await server.process.stop();
  rmSync(go.folder, { recursive: true, force: true });
}
