import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import { isRunning } from "../support/is-running.ts";
import { killProcess, startAgentProcess } from "../support/start-agent-process.ts";

const TOKEN = 2n ** 52n + 1n;

test("an agent ends what a killed agent left running where the task asks for it, and reports it lost", async () => {
  const directory = temporaryDirectory();
  const command = "trap '' TERM; setsid sh -c 'echo $$; exec sleep 1000' & echo $$; while :; do sleep 0.05; done";
  const { child, said } = await startAgentProcess(directory, command, ({ output }) => /\d+\n\d+\n/.test(output), {
    TEST_SILENT: "1",
    TEST_RESTART: "kill",
  });
  await killProcess(child);
  const pids = said.output.trim().split("\n").map(Number);
  expect(pids.map(isRunning)).toEqual([true, true]);

  const { agent, coordinator } = await openHouse({ directory });
  expect(pids.map(isRunning)).toEqual([false, false]);
  const given = { id: said.id, fencingToken: TOKEN };
  expect(coordinator.held()).toEqual([given]);
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST, survivors: 1 });
  expect(report.outputBytes).toBe(BigInt(said.output.length));
  await leave(agent);
  expect(coordinator.output(given).toString()).toBe(said.output);
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
});

test("an outcome that a killed agent could not report is reported by the next one as it was", async () => {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(
    directory,
    "echo hello; exit 3",
    ({ outcomes }) => outcomes.length > 0,
  );
  await killProcess(child);
  const { agent, coordinator } = await openHouse({ directory });
  const given = { id: said.id, fencingToken: TOKEN };
  expect(await coordinator.outcome(given)).toMatchObject({
    reason: TaskReason.EXIT_CODE,
    exitCode: 3,
    outputBytes: 6n,
  });
  await leave(agent);
  expect(coordinator.output(given).toString()).toBe("hello\n");
});

test("an outcome whose lease went to somebody else is dropped", async () => {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(directory, "exit 3", ({ outcomes }) => outcomes.length > 0);
  await killProcess(child);
  const { agent, coordinator } = await openHouse({ directory });
  coordinator.reconnect([{ id: said.id, fencingToken: TOKEN }]);
  await leave(agent);
  expect(coordinator.held()).toEqual([]);
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
});

test("an attempt that had not begun is given back, and what is no attempt is cleaned away", async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "attempts", "early.1", "task"), { recursive: true });
  writeFileSync(join(directory, "attempts", "early.1", "attempt.json"), '{"taskId":');
  mkdirSync(join(directory, "attempts", "other"));
  const { agent, coordinator } = await openHouse({ directory });
  const given = { id: "early", fencingToken: 1n };
  expect(coordinator.held()).toEqual([given]);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: AttemptOutcome.RELEASED });
  await leave(agent);
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
});

test("after a boot nobody knows what of an attempt is on the disk: without a record it is lost, too", async () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, "attempts", "early.1"), { recursive: true });
  const holder = { pid: 1, startTime: "1", bootId: "of-before", nonce: "" };
  writeFileSync(join(directory, "agent.lock"), JSON.stringify(holder));
  const { coordinator } = await openHouse({ directory });
  const report = await coordinator.outcome({ id: "early", fencingToken: 1n });
  expect(report).toMatchObject({ outcome: AttemptOutcome.FAILED, reason: TaskReason.LOST });
});

test("two agents do not share a directory; the second is told who has it", async () => {
  const { agent, directory } = await openHouse();
  await expect(openHouse({ directory })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(`process id ${process.pid}`),
  });
  await agent.close();
  const next = await openHouse({ directory });
  expect(next.agent.name).toBe("hand");
});

test("several agents of one host work in directories of their own", async () => {
  const houses = await Promise.all([openHouse(), openHouse()]);
  const reports = await Promise.all(
    houses.map(({ coordinator }) => coordinator.outcome(coordinator.lease({ command: "exit 0" }))),
  );
  expect(reports.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
});

test("an outcome is reported again until it is acknowledged, also over a new connection", async () => {
  const { agent, coordinator } = await openHouse();
  coordinator.answering.outcomes = false;
  const given = coordinator.lease({ command: "exit 5" });
  await coordinator.outcome(given);
  expect(coordinator.credit).toBe(4);
  coordinator.reconnect();
  expect(coordinator.outcomes.map(({ exitCode }) => exitCode)).toEqual([5, 5]);
  coordinator.acknowledge(given);
  await leave(agent);
  expect(coordinator.outcomes).toHaveLength(2);
});

test("an outcome that nobody acknowledged before the agent left is reported by the next one", async () => {
  const { agent, coordinator, directory } = await openHouse();
  coordinator.answering = { outcomes: false, logs: false };
  const given = coordinator.lease({ command: "echo kept; exit 5" });
  await coordinator.outcome(given);
  await agent.close();
  const next = await openHouse({ directory });
  expect(await next.coordinator.outcome(given)).toMatchObject({ exitCode: 5 });
  await leave(next.agent);
  expect(next.coordinator.output(given).toString()).toBe("kept\n");
  expect(readdirSync(join(directory, "attempts"))).toEqual([]);
});
