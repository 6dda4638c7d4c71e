import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test as anywhere, expect } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { TaskLimit } from "../../proto/task-limits.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { findGroups } from "../../worker-agent/containment/find-groups.ts";
import { openContainment } from "../../worker-agent/containment/open-containment.ts";
import { leave, openHouse, temporaryDirectory } from "../support/agent-house.ts";
import type { FakeCoordinator, Given } from "../support/fake-coordinator.ts";
import { isRunning } from "../support/is-running.ts";
import { killProcess, startAgentProcess } from "../support/start-agent-process.ts";
import { testWhere } from "../support/where-possible.ts";

const { FAILED, CANCELLED } = AttemptOutcome;
const MIB = 1024 ** 2;
const here = openContainment("auto", silentLogger);
const test = testWhere(here.limits.size === 3, `control groups with all limits: ${here.sentence}`);

/** Folders of control groups that a command has said it is in, by controller; "" is version 2. */
function groupsOf(said: string): Map<string, string> {
  const { unified, v1 } = findGroups();
  const found = new Map<string, string>();
  for (const [, controllers = "", name] of said.matchAll(/^\d+:([^:]*):\S*(\/tss-[^/\s]+)$/gm)) {
    const parent = controllers === "" ? unified : ({ memory: v1.memory, pids: v1.pids }[controllers] ?? v1.cpus);
    found.set(controllers, `${parent}${name}`);
  }
  return found;
}

function numbers(coordinator: FakeCoordinator, given: Given): number[] {
  return [
    ...coordinator
      .output(given)
      .toString()
      .matchAll(/^(\d+)$/gm),
  ].map(([, pid]) => Number(pid));
}

test("a command is kept to its limits by groups of its own, which are gone with it", async () => {
  const { coordinator, agent } = await openHouse();
  const limits = { memory: 64 * MIB, pids: 50, cpus: 0.5 };
  const given = coordinator.lease({ command: "cat /proc/self/cgroup; echo $$; exec sleep 1000", limits });
  await coordinator.until(() => numbers(coordinator, given).length > 0);
  const groups = [...groupsOf(coordinator.output(given).toString()).values()];
  expect(groups.length).toBeGreaterThan(0);
  const [pid = 0] = numbers(coordinator, given);
  for (const folder of groups) expect(readFileSync(join(folder, "cgroup.procs"), "utf8").trim()).toBe(String(pid));
  const contents = (names: readonly string[]) =>
    names
      .flatMap((name) => groups.map((folder) => join(folder, name)).filter(existsSync))
      .map((file) => readFileSync(file, "utf8").trim());
  expect(contents(["memory.max", "memory.limit_in_bytes"])).toEqual([String(64 * MIB)]);
  expect(contents(["pids.max"]).filter((value) => value !== "max")).toEqual(["50"]);
  expect(contents(["cpu.max", "cpu.cfs_quota_us"]).map((value) => value.split(" ")[0])).toEqual(["50000"]);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, signal: "SIGTERM", survivors: 0 });
  await leave(agent);
  expect(groups.filter(existsSync)).toEqual([]);
});

test("a command that takes more memory than its limit is out of memory, and others go on", async () => {
  const { coordinator } = await openHouse();
  const other = coordinator.lease({ command: "echo $$; exec sleep 1000", limits: { memory: 64 * MIB } });
  await coordinator.until(() => numbers(coordinator, other).length > 0);
  // It has no line: all of it is kept.
  const greedy = coordinator.lease({ argv: ["tail", "/dev/zero"], limits: { memory: 48 * MIB } });
  const report = await coordinator.outcome(greedy);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.OUT_OF_MEMORY });
  expect(isRunning(numbers(coordinator, other)[0] ?? 0)).toBe(true);
  // What the kernel ended elsewhere is not held against one that somebody else killed.
  process.kill(numbers(coordinator, other)[0] ?? 0, "SIGKILL");
  expect(await coordinator.outcome(other)).toMatchObject({ reason: TaskReason.SIGNAL, signal: "SIGKILL" });
});

test("a command cannot start more processes than its limit", async () => {
  const { coordinator } = await openHouse();
  const command = "i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i+1)); done; echo all";
  const given = coordinator.lease({ command, limits: { pids: 20 } });
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.EXIT_CODE });
  expect(coordinator.output(given).toString()).not.toContain("all");
});

const DAEMON = "echo $$; exec sleep 1000";
/**
 * Leaves the group, the environment and the family: nothing tells any more whose it is. It says its number, and the command
 * that nobody is in between.
 * @param there a file that it makes when it runs.
 */
const stranger = (there = "/dev/null") =>
  `env -i setsid /bin/sh -c '/bin/sh -c "echo \\$\\$; : >${there}; exec sleep 1000" &'; echo alone`;
const isAlone = (output: string) => /^alone$/m.test(output) && /^\d+$/m.test(output);

test("nothing gets out of a group: a stranger to everything else is killed and counted when the attempt is cancelled", async () => {
  const { coordinator } = await openHouse({ settings: { TSS_AGENT_CONTAINMENT: "always" } });
  const given = coordinator.lease({ command: `${stranger()}; sleep 1000` });
  await coordinator.until(() => isAlone(coordinator.output(given).toString()));
  const [pid = 0] = numbers(coordinator, given);
  expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("TSS_TASK_ID");
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, survivors: 1 });
  expect(isRunning(pid)).toBe(false);
});

test("of a command with a group nothing is left at its end either", async () => {
  const { coordinator } = await openHouse();
  const there = join(temporaryDirectory(), "there");
  const command = `${stranger(there)}; while [ ! -e ${there} ]; do sleep 0.02; done; exit 3`;
  const given = coordinator.lease({ command, limits: { pids: 50 } });
  const report = await coordinator.outcome(given);
  expect(report).toMatchObject({ outcome: FAILED, exitCode: 3, survivors: 1 });
  expect(numbers(coordinator, given).map(isRunning)).toEqual([false]);
});

anywhere("without groups, descendants are found by their parents where the environment does not tell", async () => {
  const { coordinator } = await openHouse({ settings: { TSS_AGENT_CONTAINMENT: "off" } });
  const given = coordinator.lease({ command: `env -i setsid /bin/sh -c '${DAEMON}' & wait` });
  await coordinator.until(() => numbers(coordinator, given).length > 0);
  const [pid = 0] = numbers(coordinator, given);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, survivors: 1 });
  expect(isRunning(pid)).toBe(false);
});

anywhere.each(["memory", "pids", "cpus"] satisfies TaskLimit[])(
  "without groups a limit of %s is refused and not forgotten",
  async (name) => {
    const { coordinator } = await openHouse({ settings: { TSS_AGENT_CONTAINMENT: "off" } });
    const report = await coordinator.outcome(coordinator.lease({ command: "echo ran", limits: { [name]: 2 * MIB } }));
    expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.REJECTED });
    expect(report.error?.message).toBe(
      `Agent hand cannot keep a command to its limit of ${name}, and started nothing: it has no control group for that ("tss-agent --check" says why).`,
    );
  },
);

test("what could not be started leaves no group behind", async () => {
  const { coordinator, agent } = await openHouse();
  const given = coordinator.lease({ command: "echo ran", limits: { pids: 50, nofile: 2 ** 30 } });
  expect(await coordinator.outcome(given)).toMatchObject({ reason: TaskReason.SPAWN_ERROR });
  await leave(agent);
  const { unified, v1 } = findGroups();
  const name = `tss-${given.id}.${given.fencingToken}`;
  expect([unified, v1.pids].filter((folder) => folder !== undefined && existsSync(join(folder, name)))).toEqual([]);
});

test("limits hold on under the next agent, and what is in the groups ends with the attempt", async () => {
  const directory = temporaryDirectory();
  const command = `cat /proc/self/cgroup; ${stranger()}; while :; do sleep 0.05; done`;
  const limits = JSON.stringify({ memory: 64 * MIB, pids: 50 });
  const isThere = ({ output }: { readonly output: string }) => isAlone(output);
  const { child, said } = await startAgentProcess(directory, command, isThere, {
    TEST_SILENT: "1",
    TEST_LIMITS: limits,
  });
  const groups = [...groupsOf(said.output).values()];
  await killProcess(child);
  const { coordinator, agent } = await openHouse({ directory });
  const given = { id: said.id, fencingToken: 2n ** 52n + 1n };
  expect(groups.filter(existsSync)).toEqual(groups);
  coordinator.cancel(given, TaskReason.ABORTED);
  expect(await coordinator.outcome(given)).toMatchObject({ outcome: CANCELLED, survivors: 1 });
  await leave(agent);
  expect(groups.filter(existsSync)).toEqual([]);
});

test("an attempt that is not to be adopted takes its groups along", async () => {
  const directory = temporaryDirectory();
  const command = `cat /proc/self/cgroup; ${stranger()}; while :; do sleep 0.05; done`;
  const environment = { TEST_SILENT: "1", TEST_RESTART: "kill", TEST_LIMITS: JSON.stringify({ pids: 50 }) };
  const isThere = ({ output }: { readonly output: string }) => isAlone(output);
  const { child, said } = await startAgentProcess(directory, command, isThere, environment);
  await killProcess(child);
  const { coordinator } = await openHouse({ directory });
  const report = await coordinator.outcome({ id: said.id, fencingToken: 2n ** 52n + 1n });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.LOST, survivors: 1 });
  expect([...groupsOf(said.output).values()].filter(existsSync)).toEqual([]);
});

/** What the kernel shows of a machine with version 2 alone, in plain files: it is read and written as such, and limits nothing. */
function fakeMachine(own: string, controllers: string) {
  const root = temporaryDirectory();
  const proc = join(root, "proc");
  const tree = join(root, "tree");
  const service = join(tree, "tss-agent.service");
  mkdirSync(proc);
  mkdirSync(join(tree, own), { recursive: true });
  writeFileSync(join(proc, "cgroup"), `0::/${own}\n`);
  writeFileSync(join(proc, "mountinfo"), `30 20 0:26 / ${tree} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`);
  for (const folder of [service, join(tree, own)]) {
    writeFileSync(join(folder, "cgroup.procs"), "");
    writeFileSync(join(folder, "cgroup.controllers"), "cpu io memory pids\n");
    writeFileSync(join(folder, "cgroup.subtree_control"), controllers);
  }
  return { proc, service };
}

anywhere(
  "version 2 (in plain files, not run here): groups are made beside the agent's own, with what is on there",
  () => {
    const { proc, service } = fakeMachine("tss-agent.service/agent", "cpu memory pids\n");
    const folders = findGroups(proc);
    expect(folders).toEqual({ unified: service, unifiedLimits: new Set(["memory", "pids", "cpus"]), v1: {} });
    const containment = openContainment("auto", silentLogger, folders);
    expect(containment).toMatchObject({ mode: "cgroup", limits: folders.unifiedLimits });
    const attempt = temporaryDirectory();
    expect(containment.open("tss-x.1", attempt, {}).joins).toEqual([]);
    const made = join(service, "tss-x.1");
    // Where the kernel has them, there are these files.
    const cell = openContainment("auto", silentLogger, folders).open("tss-x.1", attempt, {
      memory: MIB,
      cpus: 0.25,
      pids: 9,
    });
    expect(cell.joins).toEqual([join(made, "cgroup.procs")]);
    const read = (name: string) => readFileSync(join(made, name), "utf8");
    expect(["memory.max", "cpu.max", "pids.max"].map(read)).toEqual([String(MIB), "25000 100000", "9"]);
    expect(containment.find(attempt).joins).toEqual(cell.joins);
    expect(cell.isMemoryShort()).toBe(false);
    writeFileSync(join(made, "memory.events"), "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 1\n");
    expect(cell.isMemoryShort()).toBe(true);
  },
);

anywhere("version 2 (in plain files, not run here): without controllers there are groups, and no limits", () => {
  const { proc, service } = fakeMachine("tss-agent.service", "\n");
  const containment = openContainment("auto", silentLogger, findGroups(proc));
  expect(containment).toMatchObject({ mode: "cgroup", limits: new Set() });
  expect(containment.sentence).toBe(
    `Control groups are made in ${service}, with none of the limits; not memory, pids, cpus, whose controllers were not given to it.`,
  );
});

anywhere("a file system of groups that cannot be written to is none", () => {
  const { proc } = fakeMachine("tss-agent.service/agent", "memory\n");
  writeFileSync(join(proc, "cgroup"), "0::/no/such\n");
  expect(openContainment("auto", silentLogger, findGroups(proc))).toMatchObject({ mode: "none", limits: new Set() });
});
