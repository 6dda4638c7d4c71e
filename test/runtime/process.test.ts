import { afterEach, expect, test } from "@jest/globals";
import { Child } from "../support/child.ts";

const running: Child[] = [];

function start(behaviour: string, environment: Record<string, string> = {}): Child {
  const child = new Child("test/support/sample-service.ts", [behaviour], environment);
  running.push(child);
  return child;
}

afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test.each(["SIGTERM", "SIGINT"] as const)("%s drains, stops and ends with 0", async (signal) => {
  const child = start("quick");
  await child.said("ready");
  child.kill(signal);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stdout).toBe("ready\ndrain\nstop\n");
});

test("a drain is hurried when TSS_DRAIN_TIMEOUT has passed", async () => {
  const child = start("patient", { TSS_DRAIN_TIMEOUT: "10ms" });
  await child.said("ready");
  child.kill("SIGTERM");
  expect((await child.exited).code).toBe(0);
  expect(child.stdout).toBe("ready\ndrain\nhurry\nstop\n");
});

test("a second signal hurries a drain, a third ends the process", async () => {
  const child = start("stubborn", { TSS_DRAIN_TIMEOUT: "1h" });
  await child.said("ready");
  child.kill("SIGTERM");
  await child.said("drain");
  child.kill("SIGQUIT");
  await child.said("hurry");
  // Signals of one Ctrl-C come close together and count once: it is repeated until it counts.
  const again = setInterval(() => child.kill("SIGTERM"), 20);
  await child.exited.finally(() => clearInterval(again));
  expect((await child.exited).code).toBe(70);
});

test("SIGQUIT hurries at once", async () => {
  const child = start("patient", { TSS_DRAIN_TIMEOUT: "1h" });
  await child.said("ready");
  child.kill("SIGQUIT");
  expect((await child.exited).code).toBe(0);
  expect(child.stdout).toBe("ready\ndrain\nhurry\nstop\n");
});

test("SIGUSR2 hands over and does nothing else", async () => {
  const child = start("followed");
  await child.said("ready");
  child.kill("SIGUSR2");
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.stdout).toBe("ready\nhand over\n");
});

test("a service that cannot start says why in one line and ends with 1", async () => {
  const child = start("unstartable");
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toBe("sample: The database cannot be reached.\n");
});

test("bad settings are told all at once, with 78", async () => {
  const child = start("quick", { TSS_LOG_LEVEL: "loud", TSS_WORKER_SLOT: "3" });
  expect((await child.exited).code).toBe(78);
  expect(child.stderr).toContain("TSS_LOG_LEVEL must be one of");
  expect(child.stderr).toContain("TSS_WORKER_SLOT is not a setting of TSS");
});

test("a service that fell is put away and ends with 70", async () => {
  const child = start("falling");
  expect((await child.exited).code).toBe(70);
  expect(child.stdout).toBe("ready\nstop\n");
  expect(JSON.parse(child.stderr)).toMatchObject({ error: "it fell", service: "sample" });
});

test.each(["throwing", "rejecting"])("an error that nobody caught (%s) is one line and 70", async (behaviour) => {
  const child = start(behaviour);
  expect((await child.exited).code).toBe(70);
  const lines = child.stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ msg: "an error that nobody caught" });
});
