import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { AttemptOutcome, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { EXIT } from "../../runtime/exit-codes.ts";
import { openHouse, temporaryDirectory } from "../support/agent-house.ts";
import { isRunning } from "../support/is-running.ts";
import { type Said, startAgentProcess } from "../support/start-agent-process.ts";

/** Longer than one signal that is delivered twice. */
const APART_MS = 250;

/** Tells it to end, and resolves when it has heeded so many signals and would heed another. */
async function tellToEnd(child: ChildProcess, signals: number): Promise<void> {
  const heeded = new Promise<void>((resolve) => {
    child.on("message", (message: Said) => message.heeded === signals && resolve());
  });
  child.kill("SIGTERM");
  await heeded;
  await sleep(APART_MS);
}

test("an agent that is told to end finishes its command and ends with 0", async () => {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(
    directory,
    'echo $$; while [ ! -e "$DONE" ]; do sleep 0.02; done; exit 4',
    ({ output }) => output.includes("\n"),
    { DONE: `${directory}/done` },
  );
  const outcome = new Promise<unknown>((resolve) => {
    child.on("message", (message: { outcomes: number[] }) => message.outcomes.length > 0 && resolve(message.outcomes));
  });
  child.kill("SIGTERM");
  expect(isRunning(Number(said.output))).toBe(true);
  const exit = once(child, "exit");
  writeFileSync(`${directory}/done`, "");
  expect(await outcome).toEqual([4]);
  expect(await exit).toEqual([0, null]);
});

test("told twice it ends its command first", async () => {
  const { child, said } = await startAgentProcess(
    temporaryDirectory(),
    "echo $$; sleep 1000",
    ({ output }) => output.includes("\n"),
    {},
  );
  const exit = once(child, "exit");
  await tellToEnd(child, 1);
  child.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  expect(isRunning(Number(said.output))).toBe(false);
});

test("told three times it exits at once, and the next agent of the directory takes up what it left", async () => {
  const directory = temporaryDirectory();
  const { child, said } = await startAgentProcess(
    directory,
    "trap '' TERM; echo $$; while :; do sleep 0.05; done",
    ({ output }) => output.includes("\n"),
    {},
  );
  const exit = once(child, "exit");
  await tellToEnd(child, 1);
  await tellToEnd(child, 2);
  child.kill("SIGTERM");
  expect(await exit).toEqual([EXIT.broken, null]);
  const { coordinator } = await openHouse({ directory });
  expect(isRunning(Number(said.output))).toBe(true);
  const [given] = coordinator.held();
  expect(given?.id).toBe(said.id);
  if (given !== undefined) coordinator.cancel(given, TaskReason.ABORTED);
  await coordinator.until(() => coordinator.outcomes.some(({ outcome }) => outcome === AttemptOutcome.CANCELLED));
  expect(isRunning(Number(said.output))).toBe(false);
});
