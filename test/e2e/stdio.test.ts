import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";
import { hasCompiler } from "../support/go-toolchain.ts";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = join(ROOT, "examples/stdio");

interface Task {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly attempt: number;
  readonly exitCode?: number;
  readonly error?: { readonly message: string };
  readonly progress?: { readonly percent: number; readonly message: string };
  readonly messages: readonly { readonly text: string }[];
  readonly result?: unknown;
}

let system: DevSystem;
let folder: string;
let compiled: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tss-stdio-"));
  compiled = join(folder, "sum");
  if (!hasCompiler()) throw new Error("The example in C needs a C compiler: install gcc.");
  execFileSync("cc", ["-Wall", "-Wextra", "-Werror", "-o", compiled, join(EXAMPLES, "sum.c")]);
  system = await startDev();
});
afterAll(async () => {
  await system?.stop();
  for (const one of [folder, system?.folder]) if (one !== undefined) rmSync(one, { recursive: true, force: true });
});

async function submit(task: object): Promise<string> {
  const answer = await system.rest("/task/submit", { method: "POST", body: JSON.stringify({ name: "sum", ...task }) });
  const body = (await answer.json()) as Task;
  expect([answer.status, body]).toEqual([201, expect.objectContaining({ id: expect.any(String) })]);
  return body.id;
}

async function query(id: string): Promise<Task> {
  return (await (await system.rest(`/task/query/${id}`)).json()) as Task;
}

async function ended(id: string): Promise<Task> {
  await system.tss("task", "wait", id);
  return query(id);
}

/** Resolves with the first state of the task that is as wanted, as it is pushed. */
async function watched(id: string, wanted: (task: Task) => boolean): Promise<Task> {
  const answer = await system.rest(`/task/watch/${id}`);
  let text = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: ?(.*)$/m.exec(event)?.[1];
      const task =
        data === undefined ? undefined : ((JSON.parse(data) as { task?: Task }).task ?? (JSON.parse(data) as Task));
      if (task !== undefined && wanted(task)) return task;
    }
  }
  throw new Error("the task ended without that");
}

describe.each([
  ["bash", () => join(EXAMPLES, "sum.sh")],
  ["awk", () => join(EXAMPLES, "sum.awk")],
  ["Perl", () => join(EXAMPLES, "sum.pl")],
  ["C", () => compiled],
] as const)("the contract without an SDK, in %s", (language, program) => {
  test("input, progress, messages and result", async () => {
    const id = await submit({ name: `sum in ${language}`, argv: [program()], payload: [3, -4, 50] });
    const task = await ended(id);
    expect(task).toMatchObject({
      status: "succeeded",
      exitCode: 0,
      progress: { percent: 100, message: "added 50" },
      messages: [{ text: `attempt 1 of sum in ${language}` }],
    });
    expect(task.result).toMatchObject({ sum: 49, count: 3 });
  });

  test("a failure says why; the exit code that the task names is not tried again, others are", async () => {
    const retry = { limit: 2, interval: 0.01, nonRetryableExitCodes: [2] };
    const nothing = await ended(await submit({ argv: [program()], retry }));
    expect(nothing).toMatchObject({ status: "failed", reason: "exit_code", exitCode: 2, attempt: 1 });
    expect(nothing.error?.message).toContain("sum: there is nothing to add");
    const again = await ended(
      await submit({ argv: [program()], payload: [], retry: { ...retry, nonRetryableExitCodes: [3] } }),
    );
    expect(again).toMatchObject({ status: "failed", exitCode: 2, attempt: 3 });
  });
});

test("a program that is cancelled cleans up and says so; one that goes on sees its gate", async () => {
  const gate = join(folder, "gate");
  const argv = [compiled, gate];
  const cancelled = await submit({ name: "cancelled", argv, payload: [1, 2] });
  await watched(cancelled, ({ progress }) => progress?.message === "added 1");
  await system.rest(`/task/cancel/${cancelled}`, { method: "POST" });
  expect(await ended(cancelled)).toMatchObject({
    status: "cancelled",
    reason: "aborted",
    messages: [{ text: "stopped after 1" }],
  });
  const going = await submit({ name: "going", argv, payload: [1, 2] });
  await watched(going, ({ progress }) => progress?.percent === 50);
  writeFileSync(gate, "");
  expect(await ended(going)).toMatchObject({ status: "succeeded", result: { sum: 3, count: 2 } });
});

test("tss progress works inside a task, and says so outside of one", async () => {
  const path = [join(ROOT, "node_modules/.bin"), process.env["PATH"]].join(delimiter);
  const tss = `node ${join(ROOT, "bin/tss.cjs")}`;
  const id = await submit({ command: `${tss} progress 40 "half of it"; ${tss} progress 140`, env: { PATH: path } });
  expect(await ended(id)).toMatchObject({
    status: "failed",
    exitCode: 2,
    progress: { percent: 40, message: "half of it" },
    error: { message: expect.stringContaining("PERCENT must be a number from 0 to 100.") },
  });
  expect(await system.tss("progress", "40")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"tss progress" works inside a task that an agent runs'),
  });
});
