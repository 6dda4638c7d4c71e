import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { createClient } from "../../sdk/typescript/index.ts";
import { copyDatabase } from "../support/copy-database.ts";
import { freshSystem } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { CURRENT, hasHistory, oldRelease, type Program, type Release } from "../support/old-release.ts";
import { type Started, temporaryFolder } from "../support/run-tss.ts";
import { emptyDatabase } from "../support/test-databases.ts";
import { until } from "../support/until.ts";
import { testWhere } from "../support/where-possible.ts";

/**
 * Programs of two releases at work together, as during an upgrade (docs/operating.md).
 *
 * FIRST is where the first release ended: its contract is the oldest of proto/released, its schema has version 1, and it knows
 * nothing of several coordinators. BEFORE is a commit from before workers and coordinators told each other which version
 * of their protocol they speak; its schema is today's. When the schema changes, the one before that takes its place, and the
 * last test becomes one of a refusal.
 */
const FIRST = hasHistory() ? oldRelease("3a600e61db215fbdc5de65521e08e1fcac286c79") : CURRENT;
const BEFORE = hasHistory() ? oldRelease("42fcc4611299166bf4e468a36f5510ef2ec860c7") : CURRENT;
const mixed = testWhere(hasHistory(), "releases side by side need the history of the repository");

const running: Started[] = [];
afterEach(async () => {
  for (const { child } of running) child.kill("SIGTERM");
  await Promise.all(running.splice(0).map(({ finished }) => finished));
});

function start(release: Release, program: Program, env: Record<string, string>): Started {
  const started = release.start(program, [], { TSS_LOG_LEVEL: "error", ...env });
  running.push(started);
  return started;
}

const tss = (release: Release, args: readonly string[], env: Record<string, string>) =>
  release.start("tss", args, env).finished;

async function stop({ child, finished }: Started, signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
  child.kill(signal);
  return (await finished).code;
}

async function coordinator(release: Release, url: string, listen: string, more: Record<string, string> = {}) {
  // A busy machine takes its time for an upgrade; what runs must outlive it.
  const settings = { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: listen, TSS_LEASE_TTL: "2m" };
  const started = start(release, "tss-coordinator", { ...settings, ...more });
  await started.says("listens on");
  return started;
}

const keyOf = ({ stdout }: Started) => /tss_\w+/.exec(stdout())?.[0] ?? "";

interface Served {
  readonly TSS_COORDINATOR: string;
  readonly TSS_API_KEY: string;
}

async function agent(release: Release, env: Served, slots = 1): Promise<Started> {
  const settings = { ...env, TSS_WORKER_SLOTS: String(slots), TSS_WORKER_DIR: join(temporaryFolder(), "agent") };
  const started = start(release, "tss-agent", { ...settings, TSS_AGENT_ALLOW: "*", TSS_LOG_LEVEL: "info" });
  await started.says("offers its slots");
  return started;
}

/** Runs a command by the command line of a release, to its end, and reads its output. */
async function runsBy(release: Release, env: Served, word: string): Promise<void> {
  const args = ["run", "--", "echo", word];
  expect(await tss(release, args, { ...env })).toMatchObject({ code: 0, stdout: expect.stringContaining(`${word}\n`) });
}

async function gatewaySubmits(release: Release, { TSS_COORDINATOR, TSS_API_KEY }: Served, word: string): Promise<void> {
  const gateway = start(release, "tss-gateway", { TSS_COORDINATOR, TSS_GATEWAY_LISTEN: "127.0.0.1:0" });
  await gateway.says("listens on");
  const base = /http:\/\/\S+/.exec(gateway.stdout())?.[0];
  const headers = { authorization: `Bearer ${TSS_API_KEY}`, "content-type": "application/json" };
  const body = JSON.stringify({ name: word, command: `echo ${word}` });
  const answer = await fetch(`${base}/task/submit`, { method: "POST", headers, body });
  const { id } = (await answer.json()) as { id: string };
  expect([answer.status, id]).toEqual([201, expect.stringMatching(/^\S{26}$/)]);
  const client = createClient({ address: TSS_COORDINATOR, apiKey: TSS_API_KEY });
  expect(await client.task(id).wait()).toMatchObject({ status: "succeeded" });
  const query = (await (await fetch(`${base}/task/query/${id}`, { headers })).json()) as { status: string };
  expect(query.status).toBe("succeeded");
  await client.close();
  await stop(gateway);
}

mixed(
  "from the first release to this one and back, step by step: each program of one works with those of the other",
  async () => {
    const url = await emptyDatabase();
    const listen = `127.0.0.1:${await freePort()}`;
    expect((await tss(FIRST, ["db", "init"], { TSS_DATABASE_URL: url })).code).toBe(0);
    const old = await coordinator(FIRST, url, listen);
    const env = { TSS_COORDINATOR: listen, TSS_API_KEY: keyOf(old) };

    // Newer agents, gateways and clients may come before their coordinator.
    const newAgent = await agent(CURRENT, env);
    await runsBy(CURRENT, env, "new-agent-old-coordinator");
    await gatewaySubmits(CURRENT, env, "new-gateway-old-coordinator");
    expect(await stop(newAgent)).toBe(0);
    const oldAgent = await agent(FIRST, env);
    await runsBy(FIRST, env, "old");

    // The schema stays as it is while somebody works with it.
    const early = await tss(CURRENT, ["db", "migrate"], { TSS_DATABASE_URL: url });
    expect([early.code, early.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(
        /Coordinators still work on .*pid \d+.*: stop all of them, then run `tss db migrate` again, which takes the schema from version 1 to \d+\./,
      ),
    ]);
    expect(early.code).not.toBe(0);
    await runsBy(FIRST, env, "still-there");
    const unmigrated = await CURRENT.start("tss-coordinator", [], {
      TSS_DATABASE_URL: url,
      TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    }).finished;
    expect([unmigrated.code, unmigrated.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/has version 1 and this program needs \d+: run `tss db migrate`\./),
    ]);
    expect(unmigrated.code).not.toBe(0);

    // The upgrade of docs/operating.md. What the old agent runs outlives it.
    const gate = join(temporaryFolder(), "gate");
    const client = createClient({ address: listen, apiKey: env.TSS_API_KEY });
    const held = await client.submit({
      name: "outlives",
      command: `until [ -e ${gate} ]; do sleep 0.1; done; echo over`,
    });
    await until("it to run", async () => (await held.get()).startedAt !== undefined);
    await client.close();
    expect(await stop(old)).toBe(0);
    const backup = await copyDatabase(url);
    expect(await tss(CURRENT, ["db", "migrate"], { TSS_DATABASE_URL: url })).toMatchObject({ code: 0 });
    const now = await coordinator(CURRENT, url, listen);
    writeFileSync(gate, "");
    const later = createClient({ address: listen, apiKey: env.TSS_API_KEY });
    expect(await later.task(held.id).wait()).toMatchObject({ status: "succeeded", attempt: 1 });
    await later.close();
    await runsBy(FIRST, env, "old-client-and-agent");
    await gatewaySubmits(FIRST, env, "old-gateway-new-coordinator");
    expect(await stop(oldAgent)).toBe(0);
    await agent(CURRENT, env);
    await runsBy(CURRENT, env, "new");
    await runsBy(FIRST, env, "old-client");

    // Back: not on the new schema, but on the backup.
    expect(await stop(now)).toBe(0);
    const back = await FIRST.start("tss-coordinator", [], { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: listen })
      .finished;
    expect([back.code, back.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/has version \d+ and this program knows 1: use a newer TSS\./),
    ]);
    expect(back.code).not.toBe(0);
    await coordinator(FIRST, backup, listen);
    await runsBy(FIRST, env, "back");
  },
  400_000,
);

mixed(
  "a cluster is upgraded one coordinator after the other: both releases share the work, and nothing is lost or run twice",
  async () => {
    const url = await freshSystem();
    const shared = { TSS_REDIS_URL: process.env["TSS_TEST_REDIS_URL"] ?? "", TSS_OWNER_TTL: "15s" };
    const listens = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const olds = [await coordinator(BEFORE, url, listens[0]!, shared)];
    const env = { TSS_COORDINATOR: listens.join(","), TSS_API_KEY: keyOf(olds[0]!) };
    olds.push(await coordinator(BEFORE, url, listens[1]!, shared));
    const ledger = join(temporaryFolder(), "ledger");
    const oldAgent = await agent(BEFORE, env, 4);
    const client = createClient({ address: listens, apiKey: env.TSS_API_KEY });
    const ids: string[] = [];
    const ended: Promise<unknown>[] = [];
    const submit = async (count: number) => {
      const tasks = Array.from({ length: count }, () =>
        client.submit({ command: `echo $TSS_TASK_ID >> ${ledger}`, retry: { limit: 3 } }),
      );
      for (const task of await Promise.all(tasks)) {
        ids.push(task.id);
        ended.push(task.wait());
      }
    };
    const owned = async (address: string) => {
      const one = createClient({ address, apiKey: env.TSS_API_KEY });
      return one.connection
        .service(StatsService)
        .getServerInfo({})
        .then(
          ({ shardsOwned }) => shardsOwned,
          () => 0,
        )
        .finally(() => one.close());
    };
    const divided = () =>
      until(
        "both to own some",
        async () => {
          const shards = await Promise.all(listens.map(owned));
          return shards.every((count) => count > 0) && shards[0]! + shards[1]! === 64;
        },
        60_000,
      );
    await divided();
    await submit(50);

    expect(await stop(olds[0]!)).toBe(0);
    await submit(50);
    await coordinator(CURRENT, url, listens[0]!, shared);
    await divided();
    // Side by side; agents of both.
    await agent(CURRENT, env, 4);
    await submit(100);
    await runsBy(BEFORE, { ...env, TSS_COORDINATOR: listens[0]! }, "old-client");
    await runsBy(CURRENT, { ...env, TSS_COORDINATOR: listens[1]! }, "new-client");
    await olds[1]!.child.kill("SIGKILL");
    await submit(50);
    await coordinator(CURRENT, url, listens[1]!, shared);
    await divided();
    expect(await stop(oldAgent)).toBe(0);
    await submit(50);
    await Promise.all(ended);
    const ran = existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n") : [];
    expect(ran.sort()).toEqual(ids.sort());
    await client.close();
  },
  400_000,
);
