import { afterEach, expect, test } from "@jest/globals";
import { startAgentSystem } from "../support/agent-system.ts";
import { until } from "../support/until.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("output of an agent that was killed is kept whole, and the task says so", async () => {
  const system = await startAgentSystem(closers);
  const { kill } = system.startAgent();
  const id = await system.create("echo first; echo second; sleep 1000", "--on-agent-restart", "kill");
  await until("its output is kept", async () => (await system.logs(id)).includes("second"));
  await kill();
  system.startAgent();
  await until("the attempt is lost", async () => (await system.status(id)).status === "failed");
  const [attempt] = (await system.status(id)).attempts;
  expect(attempt).toMatchObject({ reason: "lost", outputBytes: 13, outputKeptBytes: 13 });
  expect(await system.logs(id)).toBe("first\nsecond\n");
  expect((await system.tss("task", "status", id)).stdout).not.toMatch(/of output kept/);
});

test("also when the coordinator was killed since the output came", async () => {
  const system = await startAgentSystem(closers);
  const { kill } = system.startAgent();
  const id = await system.create("echo before; sleep 1000", "--on-agent-restart", "kill");
  await until("its output is kept", async () => (await system.logs(id)).includes("before"));
  await kill();
  await system.killCoordinator();
  await system.startCoordinator();
  system.startAgent();
  await until("the attempt is lost", async () => (await system.status(id)).status === "failed");
  expect((await system.status(id)).attempts[0]).toMatchObject({ outputBytes: 7, outputKeptBytes: 7 });
  expect(await system.logs(id)).toBe("before\n");
});

test("output past the cap is left out, and the task says how much of it there is", async () => {
  const system = await startAgentSystem(closers);
  system.startAgent();
  const id = await system.create("head -c 30000000 /dev/zero");
  await until("it has ended", async () => (await system.status(id)).status === "succeeded");
  const [{ outputBytes, outputKeptBytes }] = (await system.status(id)).attempts;
  expect(outputBytes).toBe(30_000_000);
  expect(outputKeptBytes).toBeGreaterThan(8 * 1024 * 1024);
  expect(outputKeptBytes).toBeLessThan(9 * 1024 * 1024);
  expect((await system.logs(id)).length).toBe(outputKeptBytes);
  expect((await system.tss("task", "status", id)).stdout).toMatch(/\n {2}8\.\d MiB of 29 MiB of output kept\n/);
});
