import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { TASK_LIMITS } from "../../proto/task-limits.ts";
import { leave, openHouse } from "../support/agent-house.ts";

const { FAILED, SUCCEEDED } = AttemptOutcome;
const MIB = 1024 ** 2;

async function outputOf(spec: Readonly<Record<string, unknown>>) {
  const { coordinator, agent } = await openHouse();
  const given = coordinator.lease(spec);
  const report = await coordinator.outcome(given);
  await leave(agent);
  return { report, said: coordinator.output(given).toString(), message: report.error?.message };
}

test.each([
  ["nofile", "Max open files", 64, "64"],
  ["nofile", "Max open files", TASK_LIMITS.nofile.least, String(TASK_LIMITS.nofile.least)],
  ["stack", "Max stack size", TASK_LIMITS.stack.least, String(TASK_LIMITS.stack.least)],
  ["nproc", "Max processes", 500, "500"],
  ["core", "Max core file size", 0, "0"],
  ["fsize", "Max file size", 10 * MIB, String(10 * MIB)],
  ["cpu_seconds", "Max cpu time", 7, "7"],
  ["as", "Max address space", 700 * MIB, String(700 * MIB)],
  ["data", "Max data size", 600 * MIB, String(600 * MIB)],
  ["stack", "Max stack size", 2 * MIB, String(2 * MIB)],
  ["memlock", "Max locked memory", 8192, "8192"],
  // In whole units of the shell, rounded up.
  ["fsize", "Max file size", 1, "512"],
  ["memlock", "Max locked memory", 1, "1024"],
])("the limit %s holds for every process of a command, soft and hard", async (name, kernelName, value, expected) => {
  const command = `while read -r line; do case $line in "${kernelName}"*) echo "$line";; esac; done </proc/self/limits`;
  const { report, said } = await outputOf({ command, limits: { [name]: value } });
  expect(report.outcome).toBe(SUCCEEDED);
  expect(said.slice(kernelName.length).trim().split(/\s+/).slice(0, 2)).toEqual([expected, expected]);
});

test("a limit that is passed ends the command as the kernel does, and its launcher tells of it", async () => {
  const command = 'head -c 100000 /dev/zero >"$TSS_OUTPUT"';
  const { report } = await outputOf({ argv: ["/bin/sh", "-c", `exec ${command}`], limits: { fsize: 4096 } });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.SIGNAL, signal: "SIGXFSZ" });
});

test("what cannot be set is said, and nothing is started", async () => {
  // Nobody may have as many.
  const { report, said, message } = await outputOf({ command: "echo ran", limits: { nofile: 2 ** 30 } });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.SPAWN_ERROR });
  expect(message).toMatch(/^Agent hand could not set the limit nofile that .* above the agent's own \(\d+\)/);
  expect(said).toBe("");
});

test("files of a command have the permissions that its umask leaves", async () => {
  const command = 'umask; : >"$TSS_OUTPUT.x"; mkdir "$TSS_OUTPUT.d"; cd "$(dirname "$TSS_OUTPUT")"; ls -ld *.x *.d';
  const { said } = await outputOf({ command, umask: "0027" });
  expect(said).toMatch(/^0?0?27\n[\s\S]*^drwxr-x---[\s\S]*^-rw-r-----/m);
});

test.each([
  [{ umask: "022; touch /tmp/tss-injected" }, 'Agent hand knows no umask "022; touch /tmp/tss-injected".'],
  [{ limits: { bananas: 1 } }, 'Agent hand does not know the limit "bananas", and started nothing; upgrade it.'],
])("what a coordinator should not have let through is refused: %j", async (spec, expected) => {
  const { report, message } = await outputOf({ command: "echo ran", ...spec });
  expect(report).toMatchObject({ outcome: FAILED, reason: TaskReason.REJECTED });
  expect(message).toBe(expected);
});
