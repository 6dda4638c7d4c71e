// `npm run bench -- [--tasks 200000] [--rounds 3] [--seconds 10] [--only b1|b2] [--shapes "100x1 1x4"]
// [--systems "postgres sqlite graphile"] [--profile DIR]`: B1 and B2 of TSS on Postgres and on SQLite beside
// graphile-worker, in turn, on a private Postgres; and what the databases take of the same rows alone. Prints tables; nothing is asserted but that every run
// executed what was accepted. docs/benchmarks.md keeps a run and says what it means.
import { parseArgs } from "node:util";
import pg from "pg";
import { findFolder } from "../support/binaries.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { measureLatency } from "./latency.ts";
import { describeMachine } from "./machine.ts";
import { measureCeiling } from "./measure-ceiling.ts";
import { latencyTable, throughputTable } from "./report.ts";
import { startGraphile } from "./systems/graphile.ts";
import type { System } from "./systems/system.ts";
import { startTss } from "./systems/tss.ts";
import { measureThroughput, type ThroughputResult } from "./throughput.ts";

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "10" },
    only: { type: "string" },
    profile: { type: "string" },
    systems: { type: "string", default: "postgres sqlite graphile" },
    shapes: { type: "string", default: "100x1 100x4 10x1 10x4 1x1 1x4" },
  },
});
const tasks = Number(values.tasks);
const rounds = Number(values.rounds);
const { profile } = values;
const SLOTS = 1_000;
/** Tasks a message, submitters. */
const SHAPES = values.shapes.split(" ").map((shape) => shape.split("x").map(Number) as [number, number]);
const RATES = [100, 1_000, 5_000];

const binaries = findFolder(["postgres", "initdb"]);
if (binaries === undefined) throw new Error("The benchmark needs Postgres: install it (apt-get install postgresql).");
const server = await startPostgres(binaries);
const postgresPid = server.process.pid;
let databases = 0;

async function freshUrl(): Promise<string> {
  const name = `bench_${++databases}`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  return server.url.replace(/\/postgres$/, `/${name}`);
}

interface Candidate {
  readonly start: () => Promise<System>;
  /** Tasks a second that its database takes of its rows alone; absent: not measured. */
  readonly ceiling?: (tasks: number) => Promise<number>;
}

const chosen = values.systems.split(" ");
const onPostgres: Candidate = {
  start: async () => startTss({ databaseUrl: await freshUrl(), postgresPid, slots: SLOTS, profile }),
  ceiling: async (count) => measureCeiling(await freshUrl(), count),
};
const onSqlite: Candidate = {
  start: () => startTss({ slots: SLOTS, profile }),
  ceiling: (count) => measureCeiling(undefined, count),
};
/** graphile-worker hands jobs out at once only without its local queue: latency is measured with its defaults. */
const graphile = (setting: "fast" | "defaults"): Candidate => ({
  start: async () => startGraphile({ databaseUrl: await freshUrl(), postgresPid, setting }),
});
const systems = (setting: "fast" | "defaults"): Candidate[] =>
  Object.entries({ postgres: onPostgres, sqlite: onSqlite, graphile: graphile(setting) })
    .filter(([name]) => chosen.includes(name))
    .map(([, candidate]) => candidate);
const SYSTEMS = systems("fast");
const LATENCY_SYSTEMS = systems("defaults");
/** Rows that the ceiling is taken of: a whole number of flushes. */
const CEILING_TASKS = Math.max(Math.floor(tasks / 2_000), 1) * 1_000;

async function onFresh<T>({ start }: Candidate, body: (system: System) => Promise<T>): Promise<[string, T]> {
  const system = await start();
  try {
    return [system.name, await body(system)];
  } finally {
    await system.close();
  }
}

try {
  console.log((await describeMachine(server.url)).join("\n"));
  if (values.only !== "b2")
    for (const [perMessage, submitters] of SHAPES) {
      // One at a time takes a hundred times longer: a tenth of the tasks says as much.
      const count = perMessage === 1 ? tasks / 10 : tasks;
      const results = new Map<string, ThroughputResult[]>();
      const ceilings = new Map<string, number[]>();
      for (let round = 0; round < rounds; round++)
        for (const candidate of SYSTEMS) {
          const [name, result] = await onFresh(candidate, async (system) => {
            await measureThroughput(system, { count: count / 10, perMessage, submitters });
            return measureThroughput(system, { count, perMessage, submitters });
          });
          results.set(name, [...(results.get(name) ?? []), result]);
          const ceiling = await candidate.ceiling?.(CEILING_TASKS);
          if (ceiling !== undefined) ceilings.set(name, [...(ceilings.get(name) ?? []), ceiling]);
        }
      console.log(`\nB1, ${count} tasks, ${perMessage} a message, ${submitters} submitters, ${rounds} rounds`);
      console.log(throughputTable(results, ceilings));
    }
  const overloaded = new Set<Candidate>();
  if (values.only !== "b1")
    for (const rate of RATES) {
      const rows = [];
      for (const candidate of LATENCY_SYSTEMS) {
        if (overloaded.has(candidate)) continue;
        const row = await onFresh(candidate, (system) => measureLatency(system, rate, Number(values.seconds)));
        rows.push(row);
        // Half of the starts a second late: at a higher rate its queue only grows, for minutes.
        const { startUs } = row[1];
        if ((startUs[startUs.length >> 1] ?? 0) > 1e6) overloaded.add(candidate);
      }
      console.log(`\nB2, ${rate} submits/s for ${values.seconds} s, open loop`);
      console.log(latencyTable(rows));
    }
} finally {
  await server.process.stop();
}
