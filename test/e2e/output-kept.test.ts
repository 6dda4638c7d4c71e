import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type DevSystem, startDev } from "../support/dev-system.ts";

let system: DevSystem;
beforeAll(async () => {
  system = await startDev({ TSS_LOG_LIMIT: "65536" });
});
afterAll(async () => {
  await system.stop();
});

async function run(command: string) {
  const { stdout } = await system.tss("task", "create", "--command", command, "--wait");
  const id = stdout.trim();
  const task = (await (await system.rest(`/task/query/${id}`)).json()) as {
    attempts: { outputBytes: number; outputKeptBytes: number }[];
  };
  return { id, attempt: task.attempts[0]!, shown: (await system.tss("task", "status", id)).stdout };
}

test("output that is kept as a whole is told as kept", async () => {
  const { attempt, shown } = await run("echo hello; echo world >&2");
  expect(attempt).toMatchObject({ outputBytes: 12, outputKeptBytes: 12 });
  expect(shown).not.toContain("of output kept");
});

test("of output past its limit the bytes that are there are told", async () => {
  const { id, attempt, shown } = await run("yes | head -c 2000000");
  expect(attempt.outputBytes).toBe(2_000_000);
  const { stdout } = await system.tss("task", "logs", id, "--json");
  const kept = stdout
    .trim()
    .split("\n")
    .map((line) => Buffer.from(JSON.parse(line).data ?? "", "base64").length);
  expect(attempt.outputKeptBytes).toBe(kept.reduce((sum, length) => sum + length, 0));
  expect(attempt.outputKeptBytes).toBeLessThan(500_000);
  expect(shown).toMatch(/\d KiB of 1\.9 MiB of output kept/);
});
