import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresStore } from "../../../coordinator/plugins/store-postgres/postgres-store.ts";
import { StatsService, WorkerRegistryService, WorkerState } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { openConnection } from "../../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../../sdk/typescript/connection-types.ts";
import { findFolder, install, type Missing } from "../../support/binaries.ts";
import { freePort } from "../../support/free-port.ts";
import { startPostgres } from "../../support/postgres-server.ts";
import { startRedis } from "../../support/redis-server.ts";
import { startProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { type Ledger, openLedger } from "../evidence/ledger.ts";
import { endCommands } from "./end-commands.ts";
import { startAgent, startCoordinator } from "./programs.ts";
import { type Restartable, restartable } from "./restartable.ts";
import { type Supervised, supervise } from "./supervised.ts";

/** Coordinators and agents as processes of their own, on a Postgres and a Redis of this run alone. */
export interface System {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly terms: SystemTerms;
  readonly key: string;
  readonly postgres: Restartable;
  readonly redis: Restartable;
  readonly coordinators: readonly Coordinator[];
  readonly agents: readonly Supervised[];
  /** Resolves when every coordinator owns some shards, together all, and every agent is connected to each. */
  whole(boundMs?: number): Promise<void>;
  end(): Promise<void>;
}

export interface Coordinator {
  readonly process: Supervised;
  /** Where it listens; clients of a run come here. */
  readonly address: string;
  /** Between it and its agents and peers. */
  readonly front: TcpProxy;
  /** Between it and Postgres. */
  readonly back: TcpProxy;
  readonly connection: Connection;
}

export interface SystemTerms {
  readonly leaseTtlMs: number;
  readonly ownerTtlMs: number;
  readonly agents: number;
  readonly slots: number;
  /** Settings of every coordinator beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

const COORDINATORS = ["c1", "c2"];
const SHARDS = 64;

export async function startSystem(terms: SystemTerms): Promise<System> {
  const closers: (() => unknown)[] = [];
  const end = async () => {
    let failure: unknown;
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        // What comes after it is put away all the same.
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  };
  try {
    return await start(terms, closers, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function start(terms: SystemTerms, closers: (() => unknown)[], end: () => Promise<void>): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "tss-faults-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const ledger = openLedger(folder);
  closers.push(() => ledger.close());
  closers.push(() => endCommands(ledger.file));
  const [postgres, redis] = await Promise.all([server("postgres", startPostgres), server("redis", startRedis)]);
  closers.push(() => Promise.all([postgres.end(), redis.end()]));
  const status = await postgresStore.migrate(postgres.url);
  if (status.problem !== "") throw new Error(status.problem);
  let key = "";
  const coordinators: Coordinator[] = [];
  for (const name of COORDINATORS) {
    const [port, back] = [await freePort(), await startProxy(postgres.port)];
    const front = await startProxy(port);
    closers.push(() => Promise.all([front.close(), back.close()]));
    const database = new URL(postgres.url);
    database.port = String(back.port);
    const settings = {
      TSS_DATABASE_URL: database.href,
      TSS_REDIS_URL: redis.url,
      TSS_COORDINATOR_LISTEN: `127.0.0.1:${port}`,
      TSS_COORDINATOR_ADVERTISE: `127.0.0.1:${front.port}`,
      TSS_LEASE_TTL: `${terms.leaseTtlMs}ms`,
      TSS_OWNER_TTL: `${terms.ownerTtlMs}ms`,
      TSS_LOG_LEVEL: "warn",
      ...terms.settings,
    };
    const process = await supervise(name, () => startCoordinator(settings, (made) => (key = made)));
    closers.push(() => process.end("SIGKILL"));
    const address = `127.0.0.1:${port}`;
    const connection = openConnection({ address, apiKey: key });
    closers.push(() => connection.close());
    coordinators.push({ process, address, front, back, connection });
  }
  const agents: Supervised[] = [];
  const fronts = coordinators.map(({ front }) => `127.0.0.1:${front.port}`).join(",");
  for (let at = 1; at <= terms.agents; at++) {
    const name = `a${at}`;
    const environment = {
      TSS_COORDINATOR: fronts,
      TSS_API_KEY: key,
      TSS_WORKER_NAME: name,
      TSS_WORKER_SLOTS: String(terms.slots),
      TSS_LOG_LEVEL: "warn",
      ...ledger.environment(name),
    };
    const agent = await supervise(name, () => startAgent(join(folder, name), environment));
    closers.push(() => agent.end("SIGKILL"));
    agents.push(agent);
  }
  const whole = (boundMs = 240_000) => untilWhole(coordinators, agents, boundMs);
  await whole();
  return { folder, ledger, terms, key, postgres, redis, coordinators, agents, whole, end };
}

async function server(package_: Missing, begin: typeof startRedis): Promise<Restartable> {
  const names = package_ === "postgres" ? ["postgres", "initdb"] : ["redis-server"];
  if (findFolder(names) === undefined) install([package_]);
  const binaries = findFolder(names);
  if (binaries === undefined)
    throw new Error(`This needs ${names.join(" and ")} on this machine: install ${package_}.`);
  return restartable(await begin(binaries));
}

async function untilWhole(
  coordinators: readonly Coordinator[],
  agents: readonly Supervised[],
  boundMs: number,
): Promise<void> {
  let seen = "";
  const isWhole = async () => {
    const looks = await Promise.all(coordinators.map(({ connection }) => look(connection)));
    seen = JSON.stringify(looks);
    const owned = looks.map((one) => one?.owned ?? 0);
    const isDivided = owned.every((shards) => shards > 0) && owned.reduce((sum, shards) => sum + shards, 0) === SHARDS;
    return isDivided && looks.every((one) => one !== undefined && one.workers >= agents.length * coordinators.length);
  };
  await until("the system to be whole", isWhole, boundMs).catch((error: Error) => {
    const said = coordinators.map(({ process }) => `${process.name}: ${process.output().slice(-2_000)}`).join("\n");
    throw new Error(`${error.message}; it is ${seen}\n${said}`);
  });
}

async function look(connection: Connection): Promise<{ owned: number; workers: number } | undefined> {
  const options = { timeoutMs: 2_000 };
  try {
    const { shardsOwned } = await connection.service(StatsService).getServerInfo({}, options);
    const { workers } = await connection.service(WorkerRegistryService).listWorkers({}, options);
    return { owned: shardsOwned, workers: workers.filter(({ state }) => state === WorkerState.ACTIVE).length };
  } catch {
    return undefined;
  }
}
