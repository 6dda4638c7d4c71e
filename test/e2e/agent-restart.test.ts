import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
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

test("an agent killed with 20 running commands, together with its coordinator: none starts twice, nothing is lost", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const slots = { TSS_WORKER_SLOTS: "20" };
  const { kill } = system.startAgent({ env: slots });
  const ids = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      system.create(ledger.command(`c${index}`, `echo after ${index}; exit ${index}`), "-r", "3"),
    ),
  );
  await until("all run", () => ledger.starts().length === 20, 60_000);
  await Promise.all([kill(), system.killCoordinator()]);
  // They go on meanwhile; what they write waits in their pipes.
  ledger.go();
  await until("all have ended", () => ledger.starts().every(({ pid }) => !isRunning(pid)), 30_000);
  await system.startCoordinator();
  system.startAgent({ env: slots });
  const tasks = [];
  for (const id of ids) {
    await until(
      "it has ended",
      async () => /succeeded|retrying|failed/.test(JSON.stringify(await system.status(id))),
      30_000,
    );
    tasks.push(await system.status(id));
  }
  expect(tasks.map(({ attempts }) => attempts[0].exitCode)).toEqual(ids.map((_, index) => index));
  expect(tasks.map(({ attempts }) => attempts[0].reason ?? "none")).toEqual(
    ids.map((_, index) => (index === 0 ? "none" : "exit_code")),
  );
  for (const [index, id] of ids.entries()) {
    const { stdout } = await system.tss("task", "logs", id, "--attempt", "1");
    expect(stdout).toBe(`before\nafter ${index}\n`);
  }
});

test("a lease that went to another agent while its own was away: the command it left is ended at once", async () => {
  const system = await startAgentSystem(closers, { TSS_LEASE_TTL: "2s" });
  const ledger = openLedger();
  const { kill } = system.startAgent();
  const id = await system.create(ledger.command("c", "echo after; exit 0"), "-r", "1");
  await until("it runs", () => ledger.starts().length === 1);
  await kill();
  const [left] = ledger.starts();
  system.startAgent({ directory: temporaryFolder() });
  await until("it runs elsewhere", () => ledger.starts().length === 2, 30_000);
  expect(isRunning(left?.pid ?? 0)).toBe(true);
  system.startAgent();
  await until("the first run is ended", () => !isRunning(left?.pid ?? 0));
  ledger.go();
  await until("it has ended", async () => (await system.status(id)).status === "succeeded");
  const { attempts } = await system.status(id);
  expect(attempts.map(({ outcome, reason }: { outcome: string; reason?: string }) => [outcome, reason])).toEqual([
    ["failed", "lost"],
    ["succeeded", undefined],
  ]);
  expect(ledger.starts()).toHaveLength(2);
});

test("told by SIGUSR2 an agent leaves its commands to the next one", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const { end } = system.startAgent();
  const id = await system.create(ledger.command("c", "echo after; exit 9"));
  await until("it runs", () => ledger.starts().length === 1);
  expect(await end("SIGUSR2")).toMatchObject({ code: 0 });
  expect(isRunning(ledger.starts()[0]?.pid ?? 0)).toBe(true);
  system.startAgent();
  ledger.go();
  await until("it has ended", async () => (await system.status(id)).status === "failed");
  expect((await system.status(id)).exitCode).toBe(9);
  expect(await system.logs(id)).toBe("before\nafter\n");
  expect(ledger.starts()).toHaveLength(1);
});

test("commands of a machine that goes away end on another one: no attempt is spent, none is lost", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const notice = join(temporaryFolder(), "notice");
  const slots = { TSS_WORKER_SLOTS: "4" };
  const leaving = system.startAgent({ env: { ...slots, TSS_PREEMPT_FILE: notice } });
  const ids = await Promise.all(["a", "b", "c"].map((name) => system.create(ledger.command(name, "echo after"))));
  await until("all run", () => ledger.starts().length === 3, 30_000);
  const first = ledger.starts();
  system.startAgent({ directory: temporaryFolder(), env: slots });
  writeFileSync(notice, "4\n");
  expect(await leaving.finished).toMatchObject({ code: 0 });
  expect(first.map(({ pid }) => isRunning(pid))).toEqual([false, false, false]);
  await until("all run elsewhere", () => ledger.starts().length === 6, 30_000);
  ledger.go();
  for (const id of ids) {
    await until("it has ended", async () => (await system.status(id)).status === "succeeded", 30_000);
    const task = await system.status(id);
    expect([task.attempt, task.maxAttempts]).toEqual([1, 1]);
    expect(task.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual(["released", "succeeded"]);
    // Each run has its own output.
    expect(await system.logs(id)).toBe("before\nafter\n");
    expect((await system.tss("task", "logs", id, "--attempt", "1")).stdout).toBe("before\n");
  }
});

test("a task that may not be given back is lost with its machine, and with a limit of one attempt it never runs twice", async () => {
  const system = await startAgentSystem(closers);
  const ledger = openLedger();
  const notice = join(temporaryFolder(), "notice");
  const leaving = system.startAgent({ env: { TSS_PREEMPT_FILE: notice } });
  const id = await system.create(ledger.command("a", "echo after"), "--release-limit", "0");
  await until("it runs", () => ledger.starts().length === 1);
  writeFileSync(notice, "3");
  await leaving.finished;
  await until("it has ended", async () => (await system.status(id)).status === "failed");
  expect(await system.status(id)).toMatchObject({ reason: "lost", attempt: 1 });
});
