import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { createClient } from "../../sdk/typescript/index.ts";
import { copyDatabase } from "../support/copy-database.ts";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test.each([
  ["SQLite", freshSqlite],
  ["Postgres", freshDatabase],
])(
  "%s: a coordinator ends when an agent comes back from a time that its database was set back behind",
  async (_name, fresh) => {
    const url = await fresh();
    const start = async (database: string, listen: string) => {
      const started = await startCoordinatorProcess({
        TSS_DATABASE_URL: database,
        TSS_COORDINATOR_LISTEN: listen,
        // An agent gives up what runs when it has heard nobody for a term.
        TSS_LEASE_TTL: "5m",
        TSS_DRAIN_TIMEOUT: "1s",
      });
      closers.push(() => started.stop("SIGKILL"));
      return started;
    };
    const first = await start(url, "127.0.0.1:0");
    const env = { TSS_COORDINATOR: first.address, TSS_API_KEY: first.key ?? "" };
    const client = createClient({ address: first.address, apiKey: env.TSS_API_KEY });
    closers.push(() => client.close());
    const tokenOfLock = () => client.withLock("deploy", {}, async (lock) => lock.token);
    const isRunning = (id: string) =>
      until(`${id} runs`, async () => (await client.task(id).get()).reason === "executing");
    const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
      env: { ...env, TSS_WORKER_DIR: temporaryFolder() },
    });
    closers.push(async () => {
      agent.child.kill("SIGKILL");
      await agent.finished;
    });
    const ran = join(temporaryFolder(), "ran");
    const go = join(temporaryFolder(), "go");
    const command = (name: string) => `echo ${name} >> ${ran}; until [ -e ${go} ]; do sleep 0.1; done`;
    const create = async (name: string) => (await client.submit({ command: command(name), name })).id;
    const kept = await create("kept");
    await isRunning(kept);

    await first.stop("SIGTERM");
    const backup = await copyDatabase(url);
    const second = await start(url, first.address);
    await second.stop("SIGTERM");
    const third = await start(url, first.address);
    const lost = await create("lost");
    await isRunning(lost);
    const token = await tokenOfLock();
    await third.stop("SIGTERM");

    const restored = await start(backup, first.address);
    const sentence = /The worker \\?"[^"]+\\?" \(API key \w+\) holds the fencing token \d+ of epoch 3, which is higher/;
    expect(await restored.ended).toBe(70);
    expect(restored.output()).toMatch(sentence);
    expect(restored.output()).toContain("run `tss db restored`, then start again.");
    for (let times = 0; times < 2; times++)
      await expect(start(backup, first.address)).rejects.toThrow("run `tss db restored`, then start again.");
    expect(await runTss(["db", "restored"], { env: { TSS_DATABASE_URL: backup } })).toMatchObject({ code: 0 });
    const last = await start(backup, first.address);
    await isRunning(kept);
    expect(await tokenOfLock()).toBeGreaterThan(token);
    await expect(client.task(lost).get()).rejects.toMatchObject({ code: "NOT_FOUND" });
    writeFileSync(go, "");
    const ended = await client.task(kept).wait();
    expect(ended).toMatchObject({ status: "succeeded", attempts: [{ number: 1 }] });
    // Neither of them was begun a second time.
    expect(readFileSync(ran, "utf8").split("\n").sort()).toEqual(["", "kept", "lost"]);
    await last.stop("SIGTERM");
  },
  240_000,
);
