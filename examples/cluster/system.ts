import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Client, createClient } from "../../sdk/typescript/index.ts";
import { findFolder } from "../../test/support/binaries.ts";
import { freePort } from "../../test/support/free-port.ts";
import { startPostgres } from "../../test/support/postgres-server.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import { AGENT } from "./ledger.ts";
import { type Program, type Stage, startProgram } from "./programs.ts";

/** Silence after which the others take a coordinator's tasks over, and after which an agent's attempts are given to others. */
const TERMS = { TSS_OWNER_TTL: "3s", TSS_LEASE_TTL: "15s" };

/** A process of the system that can be killed and comes back at the same place. */
export interface Part {
  readonly name: string;
  /** host:port, or the address of a gateway. */
  readonly address: string;
  program: Program;
  start(): Promise<void>;
}

export interface System {
  readonly coordinators: readonly [Part, Part];
  readonly gateways: readonly [Part, Part];
  readonly agents: readonly [Part, Part, Part];
  readonly key: string;
  /** Of all coordinators. */
  readonly client: Client;
  /** Of one coordinator. */
  clientOf(coordinator: Part): Client;
}

/**
 * Starts Postgres and Redis of its own, and on them two coordinators, two gateways and three agents.
 * @param closers what is to be closed, the newest last; it grows while the start goes on.
 * @throws Error one sentence about what is missing or does not start.
 */
export async function startSystem(stage: Stage, closers: (() => Promise<void>)[]): Promise<System> {
  const postgres = await startPostgres(folderOf("Postgres", ["postgres", "initdb"]));
  closers.push(() => postgres.process.stop());
  const redis = await startRedis(folderOf("Redis", ["redis-server"]));
  closers.push(() => redis.process.stop());
  const settings = { TSS_DATABASE_URL: postgres.url, TSS_REDIS_URL: redis.url, ...TERMS };
  await (await startProgram(stage, "tss", ["db", "init"], settings)).stop();

  const part = async (name: string, address: string, start: () => Promise<Program>): Promise<Part> => {
    const made: Part = {
      name,
      address,
      program: await start(),
      async start() {
        made.program = await start();
      },
    };
    closers.push(() => made.program.stop());
    return made;
  };
  const coordinator = async (at: number) => {
    const address = `127.0.0.1:${await freePort()}`;
    const all = { ...settings, TSS_COORDINATOR_LISTEN: address };
    return part(`coordinator ${at}`, address, () => startProgram(stage, "tss-coordinator", [], all, "listens on"));
  };
  const first = await coordinator(1);
  const key = /tss_\w+/.exec(first.program.output())?.[0] ?? "";
  const coordinators = [first, await coordinator(2)] as const;
  const list = coordinators.map(({ address }) => address);

  const gateway = async (at: number) => {
    const address = `127.0.0.1:${await freePort()}`;
    const all = { TSS_COORDINATOR: list.join(","), TSS_GATEWAY_LISTEN: address };
    return part(`gateway ${at}`, `http://${address}`, () => startProgram(stage, "tss-gateway", [], all, "listens on"));
  };
  const agent = async (at: number) => {
    const directory = join(stage.folder, `agent-${at}`);
    mkdirSync(directory);
    chmodSync(directory, 0o700);
    const all = {
      TSS_COORDINATOR: list.join(","),
      TSS_API_KEY: key,
      TSS_WORKER_NAME: `agent-${at}`,
      [AGENT]: `agent-${at}`,
      TSS_WORKER_DIR: directory,
      TSS_WORKER_SLOTS: "8",
    };
    return part(`agent ${at}`, `agent-${at}`, () => startProgram(stage, "tss-agent", [], all, "offers its slots"));
  };
  const starts = [gateway(1), gateway(2), agent(1), agent(2), agent(3)] as const;
  // One that fails ends the others only once they are there.
  await Promise.allSettled(starts);
  const [gateway1, gateway2, ...agents] = await Promise.all(starts);

  const clients = new Map(
    [...coordinators, undefined].map((one) => [one, createClient({ address: one?.address ?? list, apiKey: key })]),
  );
  closers.push(async () => {
    for (const { connection } of clients.values()) connection.close();
  });
  const clientOf = (one: Part | undefined) => clients.get(one) as Client;
  return { coordinators, gateways: [gateway1, gateway2], agents, key, client: clientOf(undefined), clientOf };
}

function folderOf(what: string, names: readonly string[]): string {
  const folder = findFolder(names);
  if (folder !== undefined) return folder;
  const list = names.join(" and ");
  throw new Error(`${what} is not on this machine: install it so that ${list} can be found, then run this again.`);
}
