import { existsSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ProgressSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { ROOT, type Started, startProgram, TSS } from "../support/run-tss.ts";
import { type House, startHouse } from "../support/scripted-house.ts";

const SCRIPT = "/usr/bin/script";

let house: House;
beforeEach(async () => {
  house = await startHouse();
});
afterEach(() => house.close());

/** Runs tss on a terminal of its own; what the terminal shows is its stdout. */
function onTerminal(words: string, env: Record<string, string> = {}, columns = 100): Started {
  const command = `stty cols ${columns} rows 20; exec ${process.execPath} ${TSS} ${words}`;
  return startProgram(SCRIPT, ["-qec", command, "/dev/null"], { cwd: ROOT, env: { ...house.env, ...env } });
}

// util-linux's script gives a terminal to a program that a test starts.
if (existsSync(SCRIPT)) {
  test("colours are for terminals, and not when NO_COLOR is set", async () => {
    house.end(house.add({}).id, TaskStatus.FAILED);
    expect((await onTerminal("task list").finished).stdout).toContain("\u001b[31mfailed");
    expect((await onTerminal("task list", { NO_COLOR: "1" }).finished).stdout).not.toContain("\u001b[");
  });

  test("a table fits the terminal", async () => {
    house.add({ name: "n".repeat(150), queue: "a-queue-with-a-long-name" });
    const { stdout } = await onTerminal("task list", { NO_COLOR: "1" }, 80).finished;
    const widths = stdout
      .trimEnd()
      .split("\r\n")
      .map((line) => [...line].length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    expect(stdout).toContain("…");
  });

  test("output on a terminal keeps colours and loses what could act on it", async () => {
    house.onSubmit = ({ id }) => {
      house.write(id, "\u001b[32mgreen\u001b]0;title\u0007\u001b]52;c;aGk=\u0007\u001b[2J!");
      house.end(id, TaskStatus.SUCCEEDED);
    };
    const { code, stdout } = await onTerminal("run -- paint").finished;
    expect(stdout).toContain("\u001b[32mgreen!\u001b[0m");
    expect(stdout).not.toMatch(/\u001b[\]]|\u001b\[2J/);
    expect(code).toBe(0);
  });

  test("Ctrl-C on the terminal cancels once", async () => {
    house.onSubmit = ({ id }) => house.write(id, "working\n");
    const started = onTerminal("run -- sleep 9");
    await started.says("working");
    started.child.stdin?.write("\u0003");
    await house.until(() => house.cancelled.length > 0);
    house.end(house.cancelled[0] ?? "", TaskStatus.CANCELLED);
    expect((await started.finished).code).toBe(130);
    expect(house.cancelled).toHaveLength(1);
  });

  test("view draws over itself, follows changes, and gives the terminal back on q", async () => {
    const { id } = house.add({ name: "nightly" });
    const started = onTerminal("task view");
    await started.says("nightly");
    house.end(id, TaskStatus.SUCCEEDED);
    await started.says("succeeded");
    house.add({ name: "weekly" });
    await started.says("weekly");
    started.child.stdin?.write("q");
    const { code, stdout } = await started.finished;
    expect(code).toBe(0);
    expect(stdout).toContain("\u001b[?1049h");
    expect(stdout.trimEnd().endsWith("\u001b[?1049l")).toBe(true);
  });

  test("--wait shows how far the task is and leaves only its end", async () => {
    house.onSubmit = ({ id }) =>
      house.change(id, {
        status: TaskStatus.RUNNING,
        attempt: 1,
        progress: create(ProgressSchema, { percent: 40, message: "resizing" }),
      });
    const started = onTerminal("task create --wait --command x");
    await started.says("40% ");
    await started.says("resizing");
    house.end([...house.tasks.keys()][0] ?? "", TaskStatus.SUCCEEDED);
    const { code, stdout } = await started.finished;
    expect(stdout.slice(stdout.lastIndexOf("\u001b[K"))).not.toContain("resizing");
    expect(stdout).toContain("succeeded");
    expect(code).toBe(0);
  });
}
