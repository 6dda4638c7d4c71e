import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { readStat } from "../../worker-agent/processes/proc-stat.ts";
import { findMarked } from "../../worker-agent/processes/sweep.ts";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import { isRunning } from "../support/is-running.ts";
import { killProcess, startAgentProcess } from "../support/start-agent-process.ts";
import { until } from "../support/until.ts";

const TOKEN = 2n ** 52n + 1n;
const { SUCCEEDED, FAILED, CANCELLED } = AttemptOutcome;

/** Runs until there is a file GO, says `before` first and what follows then. */
const WAITING = 'echo "start $$" >> LEDGER; echo before; while [ ! -e GO ]; do sleep 0.02; done; ';

function command(directory: string, then: string): string {
  return (WAITING + then).replaceAll("GO", join(directory, "go")).replaceAll("LEDGER", join(directory, "ledger"));
}

function go(directory: string): void {
  writeFileSync(join(directory, "go"), "");
}

/** Numbers of the commands, one for each start. */
function starts(directory: string): number[] {
  return [...readFileSync(join(directory, "ledger"), "utf8").matchAll(/start (\d+)/g)].map(([, pid]) => Number(pid));
}

/** An agent that was killed while it ran one command. */
async function leftRunning(then: string) {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(directory, command(directory, then), ({ output }) => output !== "");
  await killProcess(child);
  const [pid = 0] = starts(directory);
  const launcher = readStat(pid)?.group ?? 0;
  return { directory, given: { id: said.id, fencingToken: TOKEN }, pid, launcher };
}

/** Changes what the killed agent wrote down of its attempt. */
function editRecord(directory: string, edit: (record: Record<string, unknown>) => Record<string, unknown>): string {
  const attempts = join(directory, "attempts");
  const folder = join(attempts, readdirSync(attempts)[0] ?? "");
  const path = join(folder, "attempt.json");
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, "utf8")))));
  return folder;
}

test("a command whose agent was killed goes on under the next one, to its true exit code", async () => {
  const left = await leftRunning(`echo after; echo err >&2; echo '{"progress":70}' >&3; exit 7`);
  const { agent, coordinator } = await openHouse({ directory: left.directory });
  expect(isRunning(left.pid)).toBe(true);
  expect(coordinator.held()).toEqual([left.given]);
  await coordinator.started(left.given);
  // It has its slot: of four, three are offered.
  expect(coordinator.credit).toBe(3);
  go(left.directory);
  const report = await coordinator.outcome(left.given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.EXIT_CODE, exitCode: 7, survivors: 0 });
  expect(report.error?.message).toContain("Last line of its errors: err");
  expect(coordinator.progress(left.given).at(-1)?.percent).toBe(70);
  await leave(agent);
  expect(coordinator.output(left.given).toString()).toBe("before\nafter\nerr\n");
  expect(report.outputBytes).toBe(17n);
  expect(starts(left.directory)).toHaveLength(1);
  expect(readdirSync(join(left.directory, "attempts"))).toEqual([]);
  expect(isRunning(left.launcher)).toBe(false);
});

test("what ended while there was no agent is reported with its exit code and all it wrote", async () => {
  const left = await leftRunning("i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done; exit 5");
  go(left.directory);
  await until("the command has ended", () => !isRunning(left.pid));
  const { agent, coordinator } = await openHouse({ directory: left.directory });
  expect(await coordinator.outcome(left.given)).toMatchObject({ reason: TaskReason.EXIT_CODE, exitCode: 5 });
  await leave(agent);
  const numbers = Array.from({ length: 5000 }, (_, index) => `${index}\n`).join("");
  expect(coordinator.output(left.given).toString()).toBe(`before\n${numbers}`);
});

test("a command that writes more than a pipe holds waits for the next agent, and loses nothing", async () => {
  const left = await leftRunning(
    "head -c 60000 /dev/zero; : > GO.some; head -c 940000 /dev/zero; : > GO.all; echo end",
  );
  go(left.directory);
  await until("the pipe is nearly full", () => existsSync(join(left.directory, "go.some")));
  // No agent is there to read the rest.
  expect(existsSync(join(left.directory, "go.all"))).toBe(false);
  const { agent, coordinator } = await openHouse({ directory: left.directory });
  expect(await coordinator.outcome(left.given)).toMatchObject({ outcome: SUCCEEDED, outputBytes: 1_000_011n });
  await leave(agent);
  expect(coordinator.output(left.given).length).toBe(1_000_011);
});

test("20 commands go on when their agent is killed: each started once, each ends as it meant to, nothing is lost", async () => {
  const directory = temporaryDirectory();
  const commands = Array.from({ length: 20 }, (_, index) => command(directory, `echo after ${index}; exit ${index}`));
  const slots = { TSS_WORKER_SLOTS: "20" };
  const { child, said } = await startAgentProcess(
    directory,
    commands,
    ({ output }) => output.split("before\n").length > 20,
    { TEST_SILENT: "1", ...slots },
  );
  await killProcess(child);
  const { agent, coordinator } = await openHouse({ directory, settings: slots });
  expect(coordinator.held()).toHaveLength(20);
  expect(coordinator.credit).toBe(0);
  go(directory);
  const given = said.ids.map((id) => ({ id, fencingToken: TOKEN }));
  const reports = await Promise.all(given.map((lease) => coordinator.outcome(lease)));
  expect(reports.map(({ exitCode }) => exitCode)).toEqual(given.map((_, index) => index));
  await leave(agent);
  expect(given.map((lease) => coordinator.output(lease).toString())).toEqual(
    given.map((_, index) => `before\nafter ${index}\n`),
  );
  expect(starts(directory)).toHaveLength(20);
});

test("agents may be killed one after the other", async () => {
  const left = await leftRunning("echo after; exit 3");
  const { child } = await startAgentProcess(left.directory, [], () => true);
  await killProcess(child);
  const { coordinator } = await openHouse({ directory: left.directory });
  go(left.directory);
  expect(await coordinator.outcome(left.given)).toMatchObject({ exitCode: 3 });
  expect(coordinator.output(left.given).toString()).toBe("before\nafter\n");
  expect(starts(left.directory)).toHaveLength(1);
});

test("a cancel ends an adopted command and all it started", async () => {
  const left = await leftRunning("exit 0");
  const { coordinator } = await openHouse({ directory: left.directory });
  coordinator.cancel(left.given, TaskReason.ABORTED);
  const report = await coordinator.outcome(left.given);
  expect(report).toMatchObject({ outcome: CANCELLED, reason: TaskReason.ABORTED, signal: "SIGTERM", survivors: 0 });
  expect([left.pid, left.launcher].map(isRunning)).toEqual([false, false]);
  expect(await findMarked({ taskId: left.given.id, token: String(TOKEN) })).toEqual([]);
});

test("a timeout counts from the start of the command, and not from that of its agent", async () => {
  const left = await leftRunning("exit 0");
  editRecord(left.directory, (record) => ({
    ...record,
    timeoutMs: 3_600_000,
    startedTick: Number(record["startedTick"]) - 3_600_000,
  }));
  const { coordinator } = await openHouse({ directory: left.directory });
  expect(await coordinator.outcome(left.given)).toMatchObject({ outcome: FAILED, reason: TaskReason.TIMED_OUT });
  expect(isRunning(left.pid)).toBe(false);
});

test("an adopted command whose lease went to somebody else is ended at once, without a word", async () => {
  const left = await leftRunning("exit 0");
  const { agent, coordinator } = await openHouse({ directory: left.directory });
  coordinator.reconnect([left.given]);
  await leave(agent);
  expect([left.pid, left.launcher].map(isRunning)).toEqual([false, false]);
  expect(coordinator.outcomes).toEqual([]);
  expect(readdirSync(join(left.directory, "attempts"))).toEqual([]);
});

test("an agent that was killed before it wrote down whom it had started: the command is found all the same", async () => {
  const left = await leftRunning("exit 6");
  editRecord(left.directory, ({ process, ...record }) => record);
  const { coordinator } = await openHouse({ directory: left.directory });
  go(left.directory);
  expect(await coordinator.outcome(left.given)).toMatchObject({ exitCode: 6 });
  expect(starts(left.directory)).toHaveLength(1);
});

test("without its launcher a command is ended and lost: nobody would know how it ends", async () => {
  const left = await leftRunning("exit 0");
  process.kill(left.launcher, "SIGKILL");
  await until("it is gone", () => !isRunning(left.launcher));
  const { coordinator } = await openHouse({ directory: left.directory });
  const report = await coordinator.outcome(left.given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST });
  expect(report.error?.message).toContain("nobody knows how it ended");
  expect(isRunning(left.pid)).toBe(false);
});

test("the same when the launcher is killed before the eyes of its agent", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo $PPID; echo $$; sleep 1000" });
  await coordinator.until(() => coordinator.output(given).toString().split("\n").length > 2);
  const [launcher = 0, pid = 0] = coordinator.output(given).toString().split("\n").map(Number);
  process.kill(launcher, "SIGKILL");
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST });
  expect(report.error?.message).toContain("launcher of the command was killed");
  expect(isRunning(pid)).toBe(false);
});

test("of another boot, or another process of that number, nothing is adopted and nobody is signalled", async () => {
  const booted = await leftRunning("exit 0");
  editRecord(booted.directory, ({ process: identity, ...record }) => ({
    ...record,
    bootId: "of-before",
    process: { ...(identity as object), bootId: "of-before" },
  }));
  const after = await openHouse({ directory: booted.directory });
  const report = await after.coordinator.outcome(booted.given);
  expect([report.reason, report.error?.message]).toEqual([TaskReason.LOST, expect.stringContaining("started anew")]);

  const reused = await leftRunning("exit 0");
  const stranger = { pid: process.pid, startTime: "1" };
  process.kill(reused.launcher, "SIGKILL");
  process.kill(reused.pid, "SIGKILL");
  await until("it is gone", () => !isRunning(reused.launcher));
  editRecord(reused.directory, (record) => ({ ...record, process: { ...(record["process"] as object), ...stranger } }));
  const { coordinator } = await openHouse({ directory: reused.directory });
  expect((await coordinator.outcome(reused.given)).reason).toBe(TaskReason.LOST);
});

test("a status that was not written to its end says nothing", async () => {
  const left = await leftRunning("exit 0");
  process.kill(left.launcher, "SIGKILL");
  await until("it is gone", () => !isRunning(left.launcher));
  const folder = editRecord(left.directory, (record) => record);
  writeFileSync(join(folder, "status"), "exit=1");
  const { coordinator } = await openHouse({ directory: left.directory });
  expect(await coordinator.outcome(left.given)).toMatchObject({ reason: TaskReason.LOST });
});

test("an agent that was killed when its command had ended and before the outcome was kept reports that end", async () => {
  const left = await leftRunning("exit 0");
  for (const pid of [left.launcher, left.pid]) process.kill(pid, "SIGKILL");
  await until("it is gone", () => !isRunning(left.launcher));
  const folder = editRecord(left.directory, (record) => record);
  writeFileSync(join(folder, "status"), "Killed\nexit=137;".padEnd(512));
  appendFileSync(join(folder, "task", "output"), '{"ok":true}');
  const { coordinator } = await openHouse({ directory: left.directory });
  const report = await coordinator.outcome(left.given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.SIGNAL, signal: "SIGKILL" });
  expect(coordinator.output(left.given).toString()).toBe("before\n");
});
