// `node test/benchmark/locks.ts [--seconds 5] [--rounds 3] [--clients "1 8 64"]`: acquire + release of locks a second, over
// gRPC, on a private Postgres and on SQLite. Each client takes a lock of its own and gives it back, one pair after the
// other; "one name" lets all of them queue for the same lock. Every grant and every release is durable before it is answered.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import pg from "pg";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { streamLocks } from "../../sdk/typescript/client/stream-locks.ts";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { findFolder } from "../support/binaries.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { describeMachine } from "./machine.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    clients: { type: "string", default: "1 8 64" },
  },
});
const ms = Number(values.seconds) * 1_000;
const rounds = Number(values.rounds);
const CLIENTS = values.clients.split(" ").map(Number);

const binaries = findFolder(["postgres", "initdb"]);
if (binaries === undefined) throw new Error("The benchmark needs Postgres: install it (apt-get install postgresql).");
const server = await startPostgres(binaries);

interface Result {
  readonly perSecond: number;
  /** Microseconds of CPU a pair, by class of processes. */
  readonly cpu: Readonly<Record<string, number>>;
}

interface Case {
  readonly clients: number;
  /** All of them take the same lock. */
  readonly oneName?: boolean;
  /** Each call for itself, as the CLI and REST make them, instead of over the SDK's stream. */
  readonly alone?: boolean;
}

async function measure(
  address: string,
  apiKey: string,
  { clients, oneName, alone }: Case,
  cpu: CpuMeter,
): Promise<Result> {
  const connection = openConnection({ address, apiKey });
  const stream = streamLocks(connection);
  const locks = alone ? connection.service(LockService) : stream;
  let pairs = 0;
  let end = performance.now() + ms / 5;
  const work = async (at: number) => {
    const name = oneName ? "bench" : `bench-${at}`;
    let newest = 0n;
    while (performance.now() < end) {
      const { acquired, token } = await locks.acquireLock(
        { name, wait: durationFromMs(60_000) },
        { timeoutMs: 90_000 },
      );
      if (!acquired || token <= newest) throw new Error(`a grant with token ${token} after ${newest}`);
      newest = token;
      await locks.releaseLock({ name, token });
      pairs++;
    }
  };
  const run = () => Promise.all(Array.from({ length: clients }, (_, at) => work(at)));
  await run();
  pairs = 0;
  end = performance.now() + ms;
  cpu.start();
  const began = performance.now();
  await run();
  const seconds = (performance.now() - began) / 1_000;
  const spent = cpu.stop();
  stream.close();
  connection.close();
  return {
    perSecond: pairs / seconds,
    cpu: Object.fromEntries(Object.entries(spent).map(([name, used]) => [name, (used * 1e6) / pairs])),
  };
}

async function onStore(name: string, databaseUrl: string): Promise<void> {
  await (await loadStorePlugin(databaseUrl)).migrate(databaseUrl);
  const coordinator = await startCoordinatorProcess({
    TSS_DATABASE_URL: databaseUrl,
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
  });
  const cpu = new CpuMeter({
    client: [process.pid],
    coordinator: [coordinator.process.pid ?? 0],
    ...(name === "Postgres" ? { postgres: [server.process.pid ?? 0] } : {}),
  });
  try {
    const most = CLIENTS.at(-1) ?? 1;
    for (const { clients, oneName = false, alone = false } of [
      ...CLIENTS.map((n): Case => ({ clients: n })),
      { clients: most, oneName: true },
      { clients: most, alone: true },
    ]) {
      const results: Result[] = [];
      for (let round = 0; round < rounds; round++)
        results.push(await measure(coordinator.address, coordinator.key ?? "", { clients, oneName, alone }, cpu));
      results.sort((a, b) => a.perSecond - b.perSecond);
      const median = results[Math.floor(rounds / 2)] as Result;
      const range = `${Math.round(results[0]?.perSecond ?? 0)}–${Math.round(results.at(-1)?.perSecond ?? 0)}`;
      const used = Object.entries(median.cpu).map(([part, us]) => `${part} ${us.toFixed(0)}`);
      console.log(
        `| ${name} | ${clients} | ${oneName ? "one name" : "a name each"}${alone ? ", unary calls" : ""} | ${Math.round(median.perSecond)} | ${range} | ${used.join(", ")} |`,
      );
    }
  } finally {
    await coordinator.stop("SIGTERM");
  }
}

const folder = mkdtempSync(join(tmpdir(), "tss-bench-"));
try {
  console.log((await describeMachine(server.url)).join("\n"));
  console.log(
    "\n| store | clients | locks | acquire + release a second | range | CPU µs a pair |\n| --- | ---: | --- | ---: | ---: | --- |",
  );
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query("CREATE DATABASE locks");
  await admin.end();
  await onStore("Postgres", server.url.replace(/\/postgres$/, "/locks"));
  await onStore("SQLite", `sqlite:${join(folder, "tss.db")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await server.process.stop();
}
