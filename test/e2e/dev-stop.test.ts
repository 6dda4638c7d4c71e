import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { isRunning } from "../support/is-running.ts";
import { startTss, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

const FREE_PORTS = { TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_GATEWAY_LISTEN: "127.0.0.1:0" };

const running: DevSystem[] = [];
afterEach(async () => {
  for (const system of running.splice(0)) await system.stop("SIGKILL");
});

async function start(folder: string, settings: Record<string, string> = {}): Promise<DevSystem> {
  const system = await startDev(settings, folder);
  running.push(system);
  return system;
}

/** A command that says who it and its child are, then goes on for as long as it may. */
const LONG = 'sleep 600 & echo "$$ $!" >> "$PIDS.part" && echo begun && mv "$PIDS.part" "$PIDS"; wait';

async function startLong(dev: DevSystem, ...flags: string[]): Promise<{ id: string; pids: number[] }> {
  const file = join(temporaryFolder(), "pids");
  const { stdout } = await dev.tss(
    ...["task", "create", "--name", "long", "--env", `PIDS=${file}`, ...flags, "--command", LONG],
  );
  await until("the command runs", () => existsSync(file));
  return { id: stdout.trim(), pids: readFileSync(file, "utf8").trim().split(" ").map(Number) };
}

const query = async (dev: DevSystem, id: string) =>
  (await (await dev.rest(`/task/query/${id}`)).json()) as {
    status: string;
    attempt: number;
    attempts: unknown[];
  };

test("Ctrl-C lets a command finish; a second ends it with its whole group and gives it back: it runs at the next start", async () => {
  const folder = temporaryFolder();
  const dev = await start(folder);
  const { id, pids } = await startLong(dev);
  const ended = dev.stop();
  await until("it says that it drains", () => dev.output().includes("Ctrl-C again ends them."));
  expect(pids.map(isRunning)).toEqual([true, true]);
  dev.process.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(pids.map(isRunning)).toEqual([false, false]);

  const again = await start(folder);
  await until("it to run again", async () => (await query(again, id)).attempts.length === 2);
  expect(await query(again, id)).toMatchObject({ attempts: [{ outcome: "released" }, {}] });
  await again.tss("task", "abort", id);
  expect(await again.stop()).toBe(0);
});

test("Ctrl-C waits no longer than TSS_DRAIN_TIMEOUT; what may not start twice is told as lost", async () => {
  const folder = temporaryFolder();
  const dev = await start(folder, { TSS_DRAIN_TIMEOUT: "300ms" });
  const { id, pids } = await startLong(dev, "--release-limit", "0");
  const other = await startLong(dev, "--release-limit", "0", "--retries", "1");
  expect(await dev.stop()).toBe(0);
  expect([...pids, ...other.pids].map(isRunning)).toEqual([false, false, false, false]);
  const again = await start(folder, { TSS_DRAIN_TIMEOUT: "300ms" });
  expect(await query(again, id)).toMatchObject({ status: "failed", reason: "lost", attempts: [{ reason: "lost" }] });
  await until("the retry runs", async () => (await query(again, other.id)).attempt === 2);
  await again.tss("task", "abort", other.id);
  expect(await query(again, other.id)).toMatchObject({ attempts: [{ reason: "lost" }, {}] });
});

test("after kill -9 the next start goes on with what was left, or ends it and says so, as the task asks", async () => {
  const folder = temporaryFolder();
  const slots = { TSS_WORKER_SLOTS: "4" };
  const dev = await start(folder, slots);
  const goesOn = await startLong(dev);
  const once = await startLong(dev, "--on-agent-restart", "kill");
  const twice = await startLong(
    ...([dev, "--on-agent-restart", "kill", "--retries", "1", "--retry-interval", "10ms"] as const),
  );
  await dev.stop("SIGKILL");
  const again = await start(folder, slots);
  expect(again.key).toBe(dev.key);
  await until("the second is told as lost", async () => (await query(again, once.id)).status === "failed");
  expect(await query(again, once.id)).toMatchObject({
    reason: "lost",
    attempts: [{ error: { message: expect.stringContaining("as the task asks (on_agent_restart)") } }],
  });
  await until("the third runs again", async () => (await query(again, twice.id)).attempt === 2);
  expect([...once.pids, ...twice.pids].map(isRunning)).toEqual([false, false, false, false]);
  expect((await again.tss("task", "logs", once.id)).stdout).toBe("begun\n");
  expect(await query(again, goesOn.id)).toMatchObject({ status: "running", attempt: 1 });
  expect(goesOn.pids.map(isRunning)).toEqual([true, true]);
  await again.tss("task", "abort", twice.id, goesOn.id);
  await until("it is ended", async () => (await query(again, goesOn.id)).status === "cancelled");
  expect(goesOn.pids.map(isRunning)).toEqual([false, false]);
});

test("a start whose queue is paused says why its first task waits, and Ctrl-C ends it all the same", async () => {
  const folder = temporaryFolder();
  const dev = await start(folder);
  expect((await dev.tss("queue", "pause", "default", "--note", "on purpose")).code).toBe(0);
  await dev.stop();
  const again = await start(folder);
  expect(again.output()).toMatch(/has not ended yet\. Queue default is paused\b.*: on purpose\. Resume it/);
  expect(await again.stop()).toBe(0);

  const child = startTss(["dev"], { cwd: folder, env: FREE_PORTS });
  await child.says("A first task");
  child.child.kill("SIGINT");
  expect((await child.finished).code).toBe(0);
});

test("a first task does not stand behind what an earlier start left", async () => {
  const folder = temporaryFolder();
  const dev = await start(folder, { TSS_WORKER_SLOTS: "1" });
  const { id } = await startLong(dev);
  const tasks = Array.from({ length: 20 }, () => ({ name: "behind", command: "sleep 600" }));
  await dev.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });
  await dev.stop("SIGKILL");
  // One slot goes on with what runs; the other is free, and twenty older tasks want it.
  const again = await start(folder, { TSS_WORKER_SLOTS: "2" });
  expect(again.output()).toMatch(/Hello from task/);
  expect(await query(again, id)).toMatchObject({ status: "running", attempt: 1 });
});

test("who follows a task while the system stops follows it when it is back", async () => {
  const folder = temporaryFolder();
  const dev = await start(folder, { TSS_DRAIN_TIMEOUT: "100ms" });
  const env = { TSS_COORDINATOR: dev.coordinator, TSS_API_KEY: dev.key };
  const second = join(folder, "second");
  const run = startTss(["run", "--", "sh", "-c", `echo begun; [ -e ${second} ] || exec sleep 600`], { env });
  await run.says("begun");
  await dev.stop();
  writeFileSync(second, "");
  await start(folder, { TSS_COORDINATOR_LISTEN: dev.coordinator });
  expect(await run.finished).toMatchObject({ code: 0, stdout: "begun\nbegun\n" });
});
