import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { play, steps, World } from "./deep-lane.ts";

test("however reads, commits, leases and cancels fall together, each task is given out once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 16, 20, 40, 80),
      fc.array(steps, { minLength: 20, maxLength: 150 }),
      async (memoryHeads, all) => {
        const world = new World(memoryHeads);
        for (const step of all) await world.step(step);
        await world.drain();
        const expected = Array.from({ length: world.assigned }, (_, index) => index + 1);
        expect([...world.taken, ...world.cancelled].sort((a, b) => a - b)).toEqual(expected);
        expect(world.heads).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("what was committed while a read was under way is read without waiting for anything else", async () => {
  const world = new World(500);
  await play(world, [
    { do: "leave" },
    { do: "submit", count: 101, keyed: false },
    { do: "make", leases: 0 },
    { do: "commit" },
  ]);
  // Nobody serves the lane: its newest heads are only in the store, or on their way there.
  await play(world, [{ do: "submit", count: 10, keyed: false }, { do: "make", leases: 0 }, { do: "return" }]);
  await play(world, [{ do: "read" }, { do: "answer" }, { do: "read" }]);
  await play(world, [{ do: "commit" }, { do: "make", leases: 200 }, { do: "commit" }, { do: "answer" }]);
  expect(world.taken).toHaveLength(101);
  await world.drain();
  expect(world.taken).toHaveLength(111);
});

test("tasks that wait for their commit while the reading passes them take their places", async () => {
  const world = new World(1);
  await play(world, [{ do: "submit", count: 2, keyed: false }, { do: "make", leases: 0 }, { do: "commit" }]);
  // The lease of the first begins a read, which sees some of those with keys before the owner knows that they are written.
  await play(world, [{ do: "submit", count: 40, keyed: true }, { do: "make", leases: 1 }, { do: "land" }]);
  await play(world, [{ do: "read" }, { do: "answer" }, { do: "commit" }]);
  await world.drain();
  expect(world.taken).toEqual(Array.from({ length: 42 }, (_, index) => index + 1));
});

test("the newest task of a lane that only had tasks with keys stays cancelled", async () => {
  const world = new World(1);
  await play(world, [{ do: "submit", count: 5, keyed: true }, { do: "make", leases: 0 }, { do: "commit" }]);
  await play(world, [{ do: "cancel", which: 4 }, { do: "make", leases: 0 }, { do: "commit" }]);
  await world.drain();
  expect(world.taken).toEqual([1, 2, 3, 4]);
});

test("a lane whose last task in memory is cancelled is read on at once", async () => {
  const world = new World(1);
  await play(world, [{ do: "submit", count: 40, keyed: false }, { do: "make", leases: 0 }, { do: "commit" }]);
  await play(world, [{ do: "cancel", which: 0 }]);
  await world.drain();
  expect(world.taken).toEqual(Array.from({ length: 39 }, (_, index) => index + 2));
});
