import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import type { TaskHandle } from "../../sdk/typescript/index.ts";
import { startAgentSystem } from "../support/agent-system.ts";
import { isRunning } from "../support/is-running.ts";
import { temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** What commands write of themselves, and the word that lets them end. */
function openLedger() {
  const folder = temporaryFolder();
  const [ledger, go] = [join(folder, "ledger"), join(folder, "go")];
  return {
    /** Says `before`, waits for the word, and goes on with `then`. */
    command: (name: string, then: string) =>
      `echo "${name} $$" >> ${ledger}; echo before; while [ ! -e ${go} ]; do sleep 0.05; done; ${then}`,
    go: () => writeFileSync(go, ""),
    /** Name and process of each start. */
    starts: () =>
      existsSync(ledger)
        ? readFileSync(ledger, "utf8")
            .trim()
            .split("\n")
            .map((line) => ({ name: line.split(" ")[0] ?? "", pid: Number(line.split(" ")[1]) }))
        : [],
  };
}

/** All that an attempt wrote. */
async function outputOf(task: TaskHandle, attempt: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const { data } of task.logs({ attempt })) pieces.push(data);
  return Buffer.concat(pieces).toString();
}

test("an agent killed with 20 running commands, together with its coordinator: none starts twice, nothing is lost", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const slots = { TSS_WORKER_SLOTS: "20" };
  const { kill } = system.startAgent({ env: slots });
  const tasks = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      system.client.submit({ command: ledger.command(`c${index}`, `echo after ${index}; exit ${index}`) }),
    ),
  );
  await until("all run", () => ledger.starts().length === 20);
  await Promise.all([kill(), system.killCoordinator()]);
  // They go on meanwhile; what they write waits in their pipes.
  ledger.go();
  await until("all have ended", () => ledger.starts().every(({ pid }) => !isRunning(pid)));
  await system.startCoordinator();
  system.startAgent({ env: slots });
  const ended = await Promise.all(tasks.map((task) => task.wait()));
  expect(ended.map(({ status, reason, exitCode }) => [status, reason, exitCode])).toEqual(
    tasks.map((_, index) => (index === 0 ? ["succeeded", undefined, 0] : ["failed", "exit_code", index])),
  );
  expect(await Promise.all(tasks.map((task) => outputOf(task, 1)))).toEqual(
    tasks.map((_, index) => `before\nafter ${index}\n`),
  );
  expect(ledger.starts()).toHaveLength(20);
});

test("a lease that went to another agent while its own was away: the command it left is ended at once", async () => {
  const system = await startAgentSystem(closers, { TSS_LEASE_TTL: "2s" });
  const ledger = openLedger();
  const { kill } = system.startAgent();
  const task = await system.client.submit({ command: ledger.command("c", "echo after; exit 0"), retry: { limit: 1 } });
  await until("it runs", () => ledger.starts().length === 1);
  await kill();
  const [left] = ledger.starts();
  system.startAgent({ directory: temporaryFolder() });
  await until("it runs elsewhere", () => ledger.starts().length === 2);
  expect(isRunning(left?.pid ?? 0)).toBe(true);
  system.startAgent();
  await until("the first run is ended", () => !isRunning(left?.pid ?? 0));
  ledger.go();
  expect((await task.wait()).attempts.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["failed", "lost"],
    ["succeeded", undefined],
  ]);
  expect(ledger.starts()).toHaveLength(2);
});

test("told by SIGUSR2 an agent leaves its commands to the next one", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const { end } = system.startAgent();
  const task = await system.client.submit({ command: ledger.command("c", "echo after; exit 9") });
  await until("it runs", () => ledger.starts().length === 1);
  expect(await end("SIGUSR2")).toMatchObject({ code: 0 });
  expect(isRunning(ledger.starts()[0]?.pid ?? 0)).toBe(true);
  system.startAgent();
  ledger.go();
  expect((await task.wait()).exitCode).toBe(9);
  expect(await outputOf(task, 1)).toBe("before\nafter\n");
  expect(ledger.starts()).toHaveLength(1);
});

test("commands of a machine that goes away end on another one: no attempt is spent, none is lost", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const notice = join(temporaryFolder(), "notice");
  const slots = { TSS_WORKER_SLOTS: "4" };
  const leaving = system.startAgent({ env: { ...slots, TSS_PREEMPT_FILE: notice } });
  const tasks = await Promise.all(
    ["a", "b", "c"].map((name) => system.client.submit({ command: ledger.command(name, "echo after") })),
  );
  await until("all run", () => ledger.starts().length === 3);
  const first = ledger.starts();
  system.startAgent({ directory: temporaryFolder(), env: slots });
  writeFileSync(notice, "4\n");
  expect(await leaving.finished).toMatchObject({ code: 0 });
  expect(first.map(({ pid }) => isRunning(pid))).toEqual([false, false, false]);
  await until("all run elsewhere", () => ledger.starts().length === 6);
  ledger.go();
  for (const task of tasks) {
    const ended = await task.wait();
    expect([ended.status, ended.attempt, ended.maxAttempts]).toEqual(["succeeded", 1, 1]);
    expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(["released", "succeeded"]);
    // Each run has its own output.
    expect([await outputOf(task, 1), await outputOf(task, 2)]).toEqual(["before\n", "before\nafter\n"]);
  }
});

test("a task that may not be given back is lost with its machine: with one attempt it never starts twice", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const notice = join(temporaryFolder(), "notice");
  const leaving = system.startAgent({ env: { TSS_PREEMPT_FILE: notice } });
  const task = await system.client.submit({ command: ledger.command("a", "echo after"), retry: { releaseLimit: 0 } });
  await until("it runs", () => ledger.starts().length === 1);
  system.startAgent({ directory: temporaryFolder() });
  writeFileSync(notice, "3");
  await leaving.finished;
  expect(await task.wait()).toMatchObject({ status: "failed", reason: "lost", attempt: 1 });
  expect(ledger.starts()).toHaveLength(1);
});
