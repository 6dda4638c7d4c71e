// `node test/benchmark/outages.ts [--seconds 60] [--rounds 3] [--only "redis-stopped postgres-away"]`: two coordinators at full
// load, and what becomes of it while Redis is stopped, emptied, or Postgres is away for so long, as often as rounds are asked
// for. 200 tasks run all the while. Every task carries a number, and the worker counts its runs: accepted, ended, run twice and
// lost are exact. The pace of a machine wanders from one minute to the next, so each outage is compared with what lies right
// before and right after it, and the CPU that a task takes is told besides.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { loadStorePlugin } from "../../coordinator/plugins/registry.ts";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { type Client, createClient } from "../../sdk/typescript/index.ts";
import { type Restartable, restartable } from "../faults/system/restartable.ts";
import { findFolder } from "../support/binaries.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { describeMachine } from "./machine.ts";
import type { Counted } from "./systems/counting-worker.ts";
import { untilDivided } from "./systems/tss.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "none redis-stopped redis-emptied postgres-away" },
  },
});
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
/** What an outage is compared with: as long before it, and as long after it when the pace had `RECOVERY_S` to come back. */
const BASELINE_S = 20;
const RECOVERY_S = 15;
const LONG = 200;
/** Tasks that are submitted and have not run, at most. */
const AHEAD = 20_000;

interface Servers {
  readonly postgres: Restartable;
  readonly redis: Restartable;
}
type Outage = (servers: Servers, wait: () => Promise<void>) => Promise<void>;

const OUTAGES: Readonly<Record<string, Outage>> = {
  /** What the others are to be compared with: the load is not the same from its first minute to its last. */
  none: (_, wait) => wait(),
  "redis-stopped": ({ redis }, wait) => away(redis, wait),
  "redis-emptied": async ({ redis }, wait) => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    await wait();
  },
  "postgres-away": ({ postgres }, wait) => away(postgres, wait),
};

async function away(server: Restartable, wait: () => Promise<void>): Promise<void> {
  await server.kill("SIGQUIT");
  await wait();
  await server.start();
}

function need(names: readonly string[], what: string): string {
  const folder = findFolder(names);
  if (folder === undefined) throw new Error(`The benchmark needs ${what}: install it.`);
  return folder;
}

/** Submits as fast as the worker runs, until told to stop. */
class Load {
  accepted = 0;
  refused = 0;
  #next = 0;
  #stopping = false;
  readonly #client: Client;
  readonly #ran: () => number;
  readonly #news: () => Promise<void>;
  readonly #lanes: Promise<void>[];

  /** @param news resolves when the worker says anew what it has run. */
  constructor(client: Client, ran: () => number, news: () => Promise<void>) {
    this.#client = client;
    this.#ran = ran;
    this.#news = news;
    this.#lanes = Array.from({ length: 4_000 }, () => this.#lane());
  }

  async #lane(): Promise<void> {
    while (!this.#stopping) {
      if (this.#next - this.#ran() > AHEAD) {
        await this.#news();
        continue;
      }
      const number = this.#next++;
      await this.#client.submit({ name: "noop", type: "noop", input: numbered(number) }).then(
        () => this.accepted++,
        () => this.refused++,
      );
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes);
  }
}

function numbered(number: number): Uint8Array {
  const payload = new Uint8Array(100);
  new DataView(payload.buffer).setUint32(0, number);
  return payload;
}

interface Stretch {
  /** Of each of its seconds. */
  readonly runs: readonly number[];
  readonly cpuUs: number;
}
interface Round {
  readonly before: Stretch;
  readonly meanwhile: Stretch;
  readonly recovery: Stretch;
  readonly after: Stretch;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const mean = (numbers: readonly number[]) => sum(numbers) / numbers.length;

/** Pace without the outage, the part of it meanwhile, seconds until nine tenths are back, and CPU a task: one of each round. */
function tell(rounds: readonly Round[]): string {
  const usual = rounds.map(({ before, after }) => mean([...before.runs, ...after.runs]));
  const parts = rounds.map(({ meanwhile }, at) => (mean(meanwhile.runs) / (usual[at] as number)).toFixed(2));
  const back = rounds.map(({ recovery }, at) => recovery.runs.findIndex((runs) => runs >= 0.9 * (usual[at] as number)));
  const cpu = rounds.map(
    ({ before, meanwhile, after }) => `${mean([before.cpuUs, after.cpuUs]).toFixed(1)} → ${meanwhile.cpuUs.toFixed(1)}`,
  );
  return [
    usual.map(Math.round).join(", "),
    parts.join(", "),
    back.map((second) => (second < 0 ? `> ${RECOVERY_S}` : second + 1)).join(", "),
    cpu.join(", "),
  ].join(" | ");
}

async function measure(name: string, outage: Outage): Promise<string> {
  const servers = {
    postgres: restartable(await startPostgres(need(["postgres", "initdb"], "Postgres"))),
    redis: restartable(await startRedis(need(["redis-server"], "Redis"))),
  };
  console.error((await describeMachine(servers.postgres.url)).join("\n"));
  const env = { TSS_DATABASE_URL: servers.postgres.url, TSS_REDIS_URL: servers.redis.url };
  await (await loadStorePlugin(env.TSS_DATABASE_URL)).migrate(env.TSS_DATABASE_URL);
  const coordinators = [];
  for (let at = 0; at < 2; at++)
    coordinators.push(await startCoordinatorProcess({ ...env, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" }));
  const apiKey = coordinators[0]?.key ?? "";
  const addresses = coordinators.map(({ address }) => address);
  await untilDivided(addresses, apiKey);
  const worker: ChildProcess = fork(join(import.meta.dirname, "systems/counting-worker.ts"), ["1000"], {
    env: { ...process.env, TSS_COORDINATOR: addresses.join(","), TSS_API_KEY: apiKey },
  });
  let counted = (await once(worker, "message"))[0] as Counted;
  const client = createClient({ address: addresses, apiKey, submitTimeoutMs: (SECONDS + 60) * 1_000 });
  /** Runs of each second so far. */
  const perSecond: number[] = [];
  let next = Promise.withResolvers<void>();
  worker.on("message", (now: Counted) => {
    counted = now;
    next.resolve();
    next = Promise.withResolvers<void>();
  });
  try {
    for (let number = 0; number < LONG; number++)
      await client.submit({ name: "long", type: "long", input: numbered(number), timeoutMs: 3_600_000 });
    await until("the long tasks to run", () => counted.long === LONG);
    const load = new Load(
      client,
      () => counted.noop,
      () => next.promise,
    );
    let before = counted.noop;
    const ticker = setInterval(() => {
      perSecond.push(counted.noop - before);
      before = counted.noop;
    }, 1_000);
    const cpu = new CpuMeter({ coordinators: coordinators.map((one) => one.process.pid ?? 0) });
    /** So many more seconds, with what the coordinators took of the CPU for each task. */
    const stretch = async (wait: (seconds: () => Promise<void>) => Promise<void>, count: number): Promise<Stretch> => {
      const from = perSecond.length;
      cpu.start();
      await wait(() => until(`${count} seconds`, () => perSecond.length >= from + count, count * 2_000));
      const runs = perSecond.slice(from);
      const { coordinators: used = 0 } = cpu.stop();
      return { runs, cpuUs: (used * 1e6) / Math.max(sum(runs), 1) };
    };
    const calm = (count: number) => stretch((seconds) => seconds(), count);
    await calm(5);
    const rounds: Round[] = [];
    let last = await calm(BASELINE_S);
    for (let round = 0; round < ROUNDS; round++) {
      const meanwhile = await stretch((seconds) => outage(servers, seconds), SECONDS);
      const recovery = await calm(RECOVERY_S);
      const after = await calm(BASELINE_S);
      rounds.push({ before: last, meanwhile, recovery, after });
      last = after;
    }
    await load.stop();
    clearInterval(ticker);
    worker.send("over");
    const stats = client.connection.service(StatsService);
    const ended = async () => Number((await stats.getOverview({})).counts?.succeeded ?? 0n);
    await until("every accepted task to end", async () => (await ended()) >= load.accepted + LONG, 120_000).catch(
      () => {},
    );
    const lost = Math.max(load.accepted + LONG - (await ended()), 0);
    return `| ${name}, ${ROUNDS} × ${SECONDS} s | ${tell(rounds)} | ${load.accepted} | ${lost} | ${counted.extra} | ${counted.ended} of ${LONG} | ${load.refused} |`;
  } finally {
    const gone = once(worker, "exit");
    worker.kill("SIGKILL");
    await gone;
    await client.close().catch(() => {});
    await Promise.all(coordinators.map((coordinator) => coordinator.stop("SIGKILL")));
    await Promise.all([servers.postgres.end(), servers.redis.end()]);
  }
}

console.log(
  `${SECONDS} s each; two coordinators, one worker of 1 000 slots, ${LONG} of them held by tasks that run all the while\n`,
);
console.log(
  "| outage | tasks/s without | of it meanwhile | s after until 90 % | coordinators' CPU µs a task | accepted | lost | extra starts | long tasks unharmed | submits refused |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
);
for (const name of values.only.split(" ")) {
  const outage = OUTAGES[name];
  if (outage === undefined) throw new Error(`no such outage: ${name}; there are ${Object.keys(OUTAGES).join(", ")}`);
  console.log(await measure(name, outage));
}
