// `node test/benchmark/coordinators.ts [--tasks 100000] [--rounds 3] [--slots 1000]`: B1 with one coordinator and with two, on
// one Postgres and one Redis, all on this machine; 100 tasks a message, two submitters, one worker. They share the cores and
// the disk, so two are no faster here: what it shows is what being two costs.
import { parseArgs } from "node:util";
import pg from "pg";
import { findFolder } from "../support/binaries.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import { describeMachine } from "./machine.ts";
import { throughputTable } from "./report.ts";
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

function need(names: readonly string[], what: string): string {
  const folder = findFolder(names);
  if (folder === undefined) throw new Error(`The benchmark needs ${what}: install it.`);
  return folder;
}

const postgres = await startPostgres(need(["postgres", "initdb"], "Postgres"));
const redis = await startRedis(need(["redis-server"], "Redis"));
const admin = new pg.Client({ connectionString: postgres.url });
await admin.connect();
try {
  console.log((await describeMachine(postgres.url)).join("\n"));
  const results = new Map<string, ThroughputResult[]>();
  for (let round = 0; round < rounds; round++)
    for (const coordinators of [1, 2]) {
      const name = `bench_${round}_${coordinators}`;
      await admin.query(`CREATE DATABASE ${name}`);
      const system = await startTss({
        databaseUrl: postgres.url.replace(/\/postgres$/, `/${name}`),
        postgresPid: postgres.process.pid,
        slots,
        together: { coordinators, redisUrl: redis.url },
      });
      try {
        await measureThroughput(system, { count: count / 10, perMessage: 100, submitters: 2 });
        const result = await measureThroughput(system, { count, perMessage: 100, submitters: 2 });
        results.set(system.name, [...(results.get(system.name) ?? []), result]);
      } finally {
        await system.close();
      }
    }
  console.log(`B1, ${count} tasks, 100 a message, 2 submitters, ${slots} slots, ${rounds} rounds:`);
  console.log(throughputTable(results));
} finally {
  await admin.end();
  await Promise.all([postgres.process.stop(), redis.process.stop()]);
}
