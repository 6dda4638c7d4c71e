import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskLockSchema, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { processGroup } from "../../worker-agent/processes/group.ts";
import { findMarked } from "../../worker-agent/processes/sweep.ts";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import type { FakeCoordinator, Given } from "../support/fake-coordinator.ts";
import { isRunning } from "../support/is-running.ts";

const { FAILED, CANCELLED, RELEASED } = AttemptOutcome;

/** The numbers a command has written, one a line, as soon as there are `count`. */
async function pids(coordinator: FakeCoordinator, given: Given, count = 1): Promise<number[]> {
  const numbers = () =>
    coordinator
      .output(given)
      .toString()
      .match(/\d+(?=\n)/g) ?? [];
  await coordinator.until(() => numbers().length >= count);
  return numbers().map(Number);
}

test("a cancel ends the whole group, and the attempt is cancelled", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "sleep 1000 & echo $!; echo $$; wait" });
  const [child, leader] = await pids(coordinator, given, 2);
  coordinator.cancel(given, TaskReason.ABORTED);
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: CANCELLED, reason: TaskReason.ABORTED, signal: "SIGTERM", survivors: 0 });
  expect([child, leader].map((pid) => isRunning(pid ?? 0))).toEqual([false, false]);
});

test("a cancel that comes while the command is being started does not get lost on the way", async () => {
  const { coordinator } = await openHouse();
  const given = Array.from({ length: 40 }, () => coordinator.lease({ command: "sleep 1000" }));
  for (const lease of given) {
    // As early as can be: when the agent says that it runs.
    void coordinator.started(lease).then(() => coordinator.cancel(lease, TaskReason.ABORTED));
  }
  const reports = await Promise.all(given.map((lease) => coordinator.outcome(lease)));
  expect(reports.map(({ outcome }) => outcome)).toEqual(given.map(() => CANCELLED));
  // SIGKILL would say that it took the whole grace, 10 s.
  expect(reports.filter(({ signal }) => signal === "SIGKILL")).toEqual([]);
});

test("a command that heeds SIGTERM may end in its own way within its grace", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "trap 'echo bye; exit 7' TERM; echo $$; while :; do sleep 0.01; done" });
  await pids(coordinator, given);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, exitCode: 7 });
  expect(coordinator.output(given).toString()).toContain("bye");
});

test("past its timeout a command that ignores SIGTERM is killed after its grace", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease(
    { command: "trap '' TERM; echo $$; while :; do sleep 0.05; done" },
    // By then it has told the shell to ignore it.
    { timeout: durationFromMs(3_000), cancelGrace: durationFromMs(100) },
  );
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.TIMED_OUT, signal: "SIGKILL" });
  const [leader = 0] = await pids(coordinator, given);
  expect(processGroup(leader).alive()).toBe(false);
});

test("a command whose lock is lost is told to end, and killed after its grace when it goes on", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease(
    { command: "trap 'echo told' TERM; echo $$; while :; do sleep 0.05; done" },
    { locks: [create(TaskLockSchema, { name: "db", token: 12n })], cancelGrace: durationFromMs(3_000) },
  );
  const [leader = 0] = await pids(coordinator, given);
  coordinator.cancel(given, TaskReason.LOCK_LOST);
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOCK_LOST, signal: "SIGKILL" });
  expect(report.error?.message).toBe(
    "A lock that the attempt held was taken away or could not be renewed in time, and the attempt was ended.",
  );
  expect(coordinator.output(given).toString()).toContain("told");
  expect(processGroup(leader).alive()).toBe(false);
});

test("a stopped process is ended too", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo $$; kill -STOP $$; echo never" });
  await pids(coordinator, given);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, signal: "SIGTERM" });
});

test("descendants that left the group are found, killed and counted", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({
    command: "setsid sh -c 'echo $$; exec sleep 1000' & setsid sh -c 'echo $$; exec sleep 1000' & wait",
  });
  const daemons = await pids(coordinator, given, 2);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, survivors: 2 });
  expect(daemons.map(isRunning)).toEqual([false, false]);
});

test("a cancel that comes before the command is started keeps it from starting", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo ran" });
  coordinator.cancel(given, TaskReason.ABORTED);
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: CANCELLED, reason: TaskReason.ABORTED });
  expect(report.startedAt).toBeUndefined();
  expect(coordinator.output(given).length).toBe(0);
});

test("what a command leaves in its group ends with it, after it had time to finish", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "(sleep 0.2; echo last words) & sleep 1000 & echo $!; exit 4" });
  const [child = 0] = await pids(coordinator, given);
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.EXIT_CODE, exitCode: 4 });
  expect(coordinator.output(given).toString()).toContain("last words");
  expect(isRunning(child)).toBe(false);
});

test("a daemon that holds the output does not hold the attempt, and lives on", async () => {
  const { coordinator } = await openHouse();
  const there = `${temporaryDirectory()}/there`;
  const given = coordinator.lease({
    command: `setsid sh -c 'echo $$; : > ${there}; exec sleep 1000' & while [ ! -e ${there} ]; do sleep 0.02; done`,
  });
  const [daemon = 0] = await pids(coordinator, given);
  try {
    expect(await coordinator.outcome(given)).toMatchObject({ outcome: AttemptOutcome.SUCCEEDED, survivors: 0 });
    expect(isRunning(daemon)).toBe(true);
    expect(
      coordinator
        .progress(given)
        .flatMap((report) => report.messages)
        .join(),
    ).toContain("still holds its output");
  } finally {
    process.kill(daemon, "SIGKILL");
  }
});

test("a fenced attempt is killed at once and nothing of it is reported", async () => {
  const { agent, coordinator } = await openHouse();
  const fenced = coordinator.lease({ command: "trap '' TERM; echo $$; while :; do sleep 0.05; done" });
  const [first = 0] = await pids(coordinator, fenced);
  coordinator.cancel(fenced, TaskReason.LOST);
  const refused = coordinator.lease({ command: "trap '' TERM; echo $$; while :; do sleep 0.05; done" });
  const [second = 0] = await pids(coordinator, refused);
  coordinator.reconnect([refused]);
  await leave(agent);
  expect([first, second].map(isRunning)).toEqual([false, false]);
  expect(coordinator.outcomes).toEqual([]);
});

test("without contact for most of a lease's term, what runs is ended and reported when contact is back", async () => {
  const { agent, coordinator } = await openHouse({ leaseTtlMs: 500 });
  const given = coordinator.lease({ command: "trap '' TERM; echo $$; while :; do sleep 0.05; done" });
  const [leader = 0] = await pids(coordinator, given);
  coordinator.silence();
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST, signal: "SIGKILL" });
  expect(isRunning(leader)).toBe(false);
  expect(coordinator.held()).toEqual([given]);
  const said = coordinator.outcomes.length;
  coordinator.reconnect();
  expect(coordinator.outcomes.length).toBe(said + 1);
  coordinator.acknowledge(given);
  await leave(agent);
});

test("a drain lets work finish and gives back what had no turn", async () => {
  const { agent, coordinator } = await openHouse({ settings: { TSS_WORKER_SLOTS: "1" } });
  const given = coordinator.lease({ command: "echo $$; sleep 0.2; echo done" });
  await pids(coordinator, given);
  const drained = leave(agent);
  const late = coordinator.lease({ command: "echo late" });
  await drained;
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: AttemptOutcome.SUCCEEDED });
  expect(await coordinator.outcome(late)).toMatchObject({ outcome: RELEASED });
  expect(coordinator.output(late).length).toBe(0);
});

test("what still runs when a drain is cut short is ended and given back", async () => {
  const { agent, coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo $$; sleep 1000" });
  await pids(coordinator, given);
  const hurry = new AbortController();
  const drained = agent.drain(hurry.signal);
  hurry.abort();
  await drained;
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: RELEASED, signal: "SIGTERM", survivors: 0 });
  // It had begun: the coordinator has to know.
  expect(report.startedAt).toBeDefined();
});

test("before its machine goes away an agent tells its commands, and gives back what has not ended by then", async () => {
  const { agent, coordinator } = await openHouse();
  const wait = 'echo $$; while [ ! -e "$TSS_DEADLINE_FILE" ]; do sleep 0.02; done; ';
  const cancelGrace = durationFromMs(100);
  const heeds = coordinator.lease({ command: `${wait}cat "$TSS_DEADLINE_FILE"; exit 0` }, { cancelGrace });
  const told = coordinator.lease({ command: "trap 'echo told; exit 0' TERM; echo $$; while :; do sleep 0.02; done" });
  const deaf = coordinator.lease({ command: "trap '' TERM; echo $$; while :; do sleep 0.02; done" }, { cancelGrace });
  const [pid = 0] = await pids(coordinator, deaf);
  for (const given of [heeds, told]) await pids(coordinator, given);
  const now = Math.floor(Date.now() / 1_000);
  // Of these 5 s the agent needs 2 itself, and the grace of the second is more than the rest.
  await agent.leaveWithin(5_000);
  expect(await coordinator.outcome(heeds)).toMatchObject({ outcome: AttemptOutcome.SUCCEEDED });
  const [, deadline = 0] = await pids(coordinator, heeds, 2);
  expect(deadline).toBeGreaterThanOrEqual(now + 3);
  expect(await coordinator.outcome(told)).toMatchObject({ outcome: RELEASED, exitCode: 0 });
  expect(coordinator.output(told).toString()).toContain("told");
  const killed = await coordinator.outcome(deaf);
  expect(killed).toMatchObject({ outcome: RELEASED, signal: "SIGKILL" });
  expect(killed.error?.message).toBe("Agent hand had to leave and ended the attempt.");
  expect(isRunning(pid)).toBe(false);
  expect(coordinator.credit).toBe(0);
});

test("100 attempts on 4 slots: never more than 4 at a time, every one ends, nothing is left", async () => {
  const { agent, coordinator } = await openHouse();
  expect(coordinator.credit).toBe(4);
  const given = Array.from({ length: 100 }, (_, number) =>
    coordinator.lease({ command: `echo ${number}; exit $((${number} % 3))` }),
  );
  const reports = await Promise.all(given.map((lease) => coordinator.outcome(lease)));
  expect(reports.map((report) => report.exitCode)).toEqual(given.map((_, number) => number % 3));
  expect(given.map((lease) => coordinator.output(lease).toString())).toEqual(given.map((_, number) => `${number}\n`));
  const edges = reports.flatMap(({ startedAt, endedAt }) => [
    { at: Number(startedAt?.seconds) * 1000 + Number(startedAt?.nanos) / 1e6, step: 1 },
    { at: Number(endedAt?.seconds) * 1000 + Number(endedAt?.nanos) / 1e6, step: -1 },
  ]);
  edges.sort((a, b) => a.at - b.at || a.step - b.step);
  let running = 0;
  expect(Math.max(...edges.map(({ step }) => (running += step)))).toBeLessThanOrEqual(4);
  await leave(agent);
  for (const lease of given.slice(0, 5))
    expect(await findMarked({ taskId: lease.id, token: String(lease.fencingToken) })).toEqual([]);
});

test("commands are the first to go when memory runs out", async () => {
  const { coordinator } = await openHouse();
  const given = coordinator.lease({ command: "echo $$; sleep 1000" });
  const [leader = 0] = await pids(coordinator, given);
  expect(readFileSync(`/proc/${leader}/oom_score_adj`, "utf8").trim()).toBe("500");
});
