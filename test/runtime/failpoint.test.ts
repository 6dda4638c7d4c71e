import { afterEach, expect, test } from "@jest/globals";
import { armFailpoints, failpoint, isPlanted } from "../../runtime/failpoint.ts";
import { Child } from "../support/child.ts";

const running: Child[] = [];

async function arm(text: string): Promise<Child> {
  const child = new Child("test/support/sample-service.ts", ["points"], { TSS_FAILPOINT: text });
  running.push(child);
  await child.said("ready");
  return child;
}

afterEach(async () => {
  armFailpoints(undefined);
  for (const child of running.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test("the process dies at the named place as if killed", async () => {
  const child = await arm("elsewhere,here");
  child.process.stdin.write("go\n");
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  expect(child.stdout).toBe("ready\n");
});

test("a hit count lets earlier hits pass", async () => {
  const child = await arm("here=3");
  for (const passed of [1, 2]) {
    child.process.stdin.write("go\n");
    await child.said("passed", passed);
  }
  child.process.stdin.write("go\n");
  expect((await child.exited).signal).toBe("SIGKILL");
});

test("`:stop` stands still until it is continued", async () => {
  const child = await arm("here:stop");
  child.process.stdin.write("go\n");
  // A process that stands still is continued again and again until it speaks: there is nothing else to wait on.
  const awake = setInterval(() => child.kill("SIGCONT"), 20);
  try {
    await child.said("passed");
  } finally {
    clearInterval(awake);
  }
});

test("`:throw` throws once", () => {
  armFailpoints("here=2:throw");
  failpoint("here");
  expect(() => failpoint("here")).toThrow("failpoint here");
  failpoint("here");
});

test("`:plant` plants a bug for as long as it is armed, and does nothing at a failpoint", () => {
  expect(isPlanted("here")).toBe(false);
  armFailpoints("here:plant,there=2:throw");
  failpoint("here");
  expect([isPlanted("here"), isPlanted("there"), isPlanted("here")]).toEqual([true, false, true]);
  armFailpoints(undefined);
  expect(isPlanted("here")).toBe(false);
});

test("nothing happens at a place that is not armed", () => {
  failpoint("here");
  armFailpoints("elsewhere");
  failpoint("here");
});

test.each(["", "a b", "a=0", "a=x", "a:die", "a,,b"])("%j is refused", (text) => {
  expect(() => armFailpoints(text)).toThrow("write NAME, NAME=HIT");
});

test("a release refuses to start with a failpoint", () => {
  for (const text of ["here", "here:plant"])
    expect(() => armFailpoints(text, "release")).toThrow("a release build never fails on purpose");
  expect(() => armFailpoints(undefined, "release")).not.toThrow();
});
