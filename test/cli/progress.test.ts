import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openHouse } from "../support/agent-house.ts";
import { runTss, TSS, temporaryFolder } from "../support/run-tss.ts";

const TELL = `${process.execPath} ${TSS} progress`;

/** Runs a line as a command of an agent; gives what the coordinator was told, and how it ended. */
async function said(command: string, given: { argv?: string[] } = {}) {
  const { coordinator } = await openHouse();
  const lease = coordinator.lease(given.argv === undefined ? { command } : { argv: given.argv });
  const { exitCode } = await coordinator.outcome(lease);
  const reports = coordinator.progress(lease);
  return {
    exitCode,
    progress: reports.filter(({ percent }) => percent !== undefined).map(({ percent, message }) => [percent, message]),
    messages: reports.flatMap(({ messages }) => messages),
    output: coordinator.output(lease).toString(),
  };
}

test("in a task it tells how far the task is, in words if there are any, and says nothing itself", async () => {
  const { exitCode, progress, output } = await said(`${TELL} 40 'resizing "cats"' && ${TELL} 99.5%`);
  expect({ exitCode, output }).toEqual({ exitCode: 0, output: "" });
  expect(progress.at(-1)).toEqual([99.5, ""]);
  expect(progress).toContainEqual([40, 'resizing "cats"']);
});

test("a line for people stays with the task", async () => {
  const { exitCode, messages } = await said(`${TELL} --message 'half of the files\nare done'`);
  expect({ exitCode, messages }).toEqual({ exitCode: 0, messages: ["half of the files\nare done"] });
});

test("as the task itself, without a shell around it", async () => {
  const { exitCode, progress } = await said("", { argv: [process.execPath, TSS, "progress", "7"] });
  expect({ exitCode, progress }).toEqual({ exitCode: 0, progress: [[7, ""]] });
});

test("from a program that hands no descriptors on", async () => {
  const script = join(temporaryFolder(), "work.py");
  writeFileSync(
    script,
    `import subprocess, sys\nsys.exit(subprocess.run(["${process.execPath}", "${TSS}", "progress", "60", "from python"]).returncode)\n`,
  );
  const { exitCode, progress } = await said(`python3 ${script}`);
  expect({ exitCode, progress }).toEqual({ exitCode: 0, progress: [[60, "from python"]] });
});

test("from the child of a child that was handed none, whatever that one has under the number", async () => {
  // Node.js hands on no descriptor that it is not told to.
  const start = (args: string) =>
    `process.exit(require("child_process").spawnSync(process.execPath, ${args}, { stdio: "inherit" }).status)`;
  const inner = start(JSON.stringify([TSS, "progress", "61"]));
  const outer = start(JSON.stringify(["-e", inner]));
  const { exitCode, output, progress } = await said("", { argv: [process.execPath, "-e", outer] });
  expect({ exitCode, output, progress }).toEqual({ exitCode: 0, output: "", progress: [[61, ""]] });
});

test("from a command that has closed it: its launcher still has it", async () => {
  const { exitCode, output, progress } = await said(`exec 3>&-; ${TELL} 10`);
  expect({ exitCode, output, progress }).toEqual({ exitCode: 0, output: "", progress: [[10, ""]] });
});

test("where nobody of the task holds the descriptor any more, it says so", async () => {
  const task = { TSS_TASK_ID: "0g08000005000100000000000q", TSS_PROGRESS_FD: "3" };
  const told = await runTss(["progress", "10"], { env: task });
  expect(told).toMatchObject({ code: 1, stdout: "" });
  expect(told.stderr).toMatch(/^Error: Descriptor 3 of this task is closed[^\n]+\n$/);
});

test("outside a task it says where it belongs", async () => {
  const outside = await runTss(["progress", "40"]);
  expect(outside).toMatchObject({ code: 2, stdout: "" });
  expect(outside.stderr).toMatch(/^Error: "tss progress" works inside a task[^\n]+\n$/);
  const json = await runTss(["progress", "40", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "USAGE" } });
});

test.each([
  ["a word for a number", ["lots"], /PERCENT.*0 to 100/],
  ["more than all", ["101"], /PERCENT.*0 to 100/],
  ["nothing", [], /PERCENT|--message/],
  ["both at once", ["5", "--message", "x"], /--message/],
  ["a text too long", ["5", "x".repeat(5_000)], /too long/],
])("%s cannot be used", async (_what, args, sentence) => {
  const env = { TSS_TASK_ID: "t", TSS_PROGRESS_FD: "3" };
  const { code, stdout, stderr } = await runTss(["progress", ...args], { env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(sentence);
  expect(stderr.split("\n")).toHaveLength(2);
});
