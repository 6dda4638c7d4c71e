import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, jest, test } from "@jest/globals";
import { silentLogger } from "../../runtime/logger.ts";
import { readContact, writeContact } from "../../worker-agent/journal/contact.ts";
import { sinceBoot } from "../../worker-agent/processes/machine-clock.ts";
import { watchContact } from "../../worker-agent/watch-contact.ts";
import { watchPreemption } from "../../worker-agent/watch-preemption.ts";
import { temporaryDirectory } from "../support/agent-house.ts";

afterEach(() => {
  jest.useRealTimers();
});

/** An agent that adopts something, `agoMs` after the one before it was last heard; tells after how long it gives up. */
async function givesUpAfter(agoMs: number | undefined, connectAtMs?: number): Promise<number | undefined> {
  const directory = temporaryDirectory();
  jest.useFakeTimers();
  if (agoMs !== undefined) writeContact(directory, { heardTick: sinceBoot() - agoMs, termMs: 15_000 });
  let now = 1_000;
  let lostAt: number | undefined;
  const clock = { now: () => now, monotonic: () => now };
  const watch = watchContact(
    { directory, clock, adopts: true },
    { heardAt: () => now },
    () => true,
    () => {
      lostAt ??= now - 1_000;
    },
  );
  for (let step = 0; step < 300 && lostAt === undefined; step += 1) {
    if (now - 1_000 === connectAtMs) watch.connected(15_000);
    now += 100;
    jest.advanceTimersByTime(100);
  }
  watch.close();
  return lostAt;
}

test("without its coordinator an agent ends what it adopted when the lease is nearly over, counted from before it began", async () => {
  // Four fifths of the 15 s, of which 2 s had passed.
  expect(await givesUpAfter(2_000)).toBe(10_000);
  // Nothing is known: from its own start.
  expect(await givesUpAfter(undefined)).toBe(12_000);
  // However long ago, it tries for half a term to reach the coordinator, which knows better.
  expect(await givesUpAfter(60_000)).toBe(7_500);
});

test("with its coordinator it ends nothing", async () => {
  expect(await givesUpAfter(2_000, 2_000)).toBeUndefined();
});

test("contact of another boot, or half of it, says nothing", () => {
  const directory = temporaryDirectory();
  expect(readContact(directory)).toBeUndefined();
  writeContact(directory, { heardTick: 5, termMs: 15_000 });
  expect(readContact(directory)).toEqual({ heardTick: 5, termMs: 15_000 });
  const path = join(directory, "contact.json");
  for (const text of ['{"boot":"other","heardTick":5,"termMs":15000}', '{"boot":', "{}"]) {
    writeFileSync(path, text);
    expect(readContact(directory)).toBeUndefined();
  }
});

test.each([
  ["90", 90_000],
  [" 30s\n", 30_000],
  ["", 25_000],
  ["soon", 25_000],
])("a file that announces the end of the machine with %j leaves %i ms", async (text, leftMs) => {
  const path = join(temporaryDirectory(), "notice");
  const never = new AbortController().signal;
  const left = watchPreemption(path, 25_000, silentLogger, never);
  writeFileSync(path, text);
  expect(await left).toBe(leftMs);
});

test("nobody announces anything where no file is named, or before the agent is told to end", async () => {
  const signal = AbortSignal.abort();
  expect(await watchPreemption(undefined, 1, silentLogger, signal)).toBeUndefined();
  expect(await watchPreemption(join(temporaryDirectory(), "notice"), 1, silentLogger, signal)).toBeUndefined();
});
