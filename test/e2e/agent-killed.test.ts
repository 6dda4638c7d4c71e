import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A coordinator that can be killed and started again at its address, and agents of one directory. */
async function startSystem() {
  const url = await freshSqlite();
  const start = async (listen: string) => {
    const coordinator = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: listen });
    closers.push(() => coordinator.stop("SIGTERM"));
    return coordinator;
  };
  const first = await start("127.0.0.1:0");
  const env = { TSS_COORDINATOR: first.address, TSS_API_KEY: first.key ?? "" };
  const directory = temporaryFolder();
  const tss = (...args: string[]) => runTss(args, { env });
  return {
    tss,
    startAgent() {
      const agent = startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
        env: { ...env, TSS_WORKER_DIR: directory },
      });
      closers.push(async () => {
        agent.child.kill("SIGTERM");
        await agent.finished;
      });
      return async () => {
        agent.child.kill("SIGKILL");
        await agent.finished;
      };
    },
    async restartCoordinator() {
      await first.stop("SIGKILL");
      await start(first.address);
    },
    async create(command: string) {
      return JSON.parse((await tss("task", "create", "-c", command, "-r", "0", "--json")).stdout).id as string;
    },
    logs: async (id: string) => (await tss("task", "logs", id)).stdout,
    status: async (id: string) => JSON.parse((await tss("task", "status", id, "--json")).stdout),
  };
}

test("output of an agent that was killed is kept whole, and the task says so", async () => {
  const system = await startSystem();
  const kill = system.startAgent();
  const id = await system.create("echo first; echo second; sleep 1000");
  await until("its output is kept", async () => (await system.logs(id)).includes("second"));
  await kill();
  system.startAgent();
  await until("the attempt is lost", async () => (await system.status(id)).status === "failed");
  const [attempt] = (await system.status(id)).attempts;
  expect(attempt).toMatchObject({ reason: "lost", outputBytes: 13, outputKeptBytes: 13 });
  expect(await system.logs(id)).toBe("first\nsecond\n");
  expect((await system.tss("task", "status", id)).stdout).not.toMatch(/of output kept/);
});

test("also when the coordinator was killed since the output came", async () => {
  const system = await startSystem();
  const kill = system.startAgent();
  const id = await system.create("echo before; sleep 1000");
  await until("its output is kept", async () => (await system.logs(id)).includes("before"));
  await kill();
  await system.restartCoordinator();
  system.startAgent();
  await until("the attempt is lost", async () => (await system.status(id)).status === "failed");
  expect((await system.status(id)).attempts[0]).toMatchObject({ outputBytes: 7, outputKeptBytes: 7 });
  expect(await system.logs(id)).toBe("before\n");
});

test("output past the cap is left out, and the task says how much of it there is", async () => {
  const system = await startSystem();
  system.startAgent();
  const id = await system.create("head -c 30000000 /dev/zero");
  await until("it has ended", async () => (await system.status(id)).status === "succeeded");
  const [{ outputBytes, outputKeptBytes }] = (await system.status(id)).attempts;
  expect(outputBytes).toBe(30_000_000);
  expect(outputKeptBytes).toBeGreaterThan(8 * 1024 * 1024);
  expect(outputKeptBytes).toBeLessThan(9 * 1024 * 1024);
  expect((await system.logs(id)).length).toBe(outputKeptBytes);
  expect((await system.tss("task", "status", id)).stdout).toMatch(/\n {2}8\.\d MiB of 29 MiB of output kept\n/);
});
