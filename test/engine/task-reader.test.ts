import { expect, test } from "@jest/globals";
import { SegmentMap } from "../../coordinator/engine/segments.ts";
import { TaskReader } from "../../coordinator/engine/task-reader.ts";
import type { TaskRef } from "../../coordinator/kernel/task-ref.ts";
import type { Store } from "../../coordinator/ports/store.ts";

function readerOf(tasks: (refs: readonly TaskRef[]) => Promise<unknown>): TaskReader {
  return new TaskReader({ reads: { tasks } } as unknown as Store, new SegmentMap());
}

const refs = (count: number): TaskRef[] => Array.from({ length: count }, (_, seq) => ({ shard: 0, lane: 1, seq }));

test("tasks asked for in one turn are read together, each once, and each asker is given its own", async () => {
  const sizes: number[] = [];
  const reader = readerOf(async (asked) => {
    sizes.push(asked.length);
    return asked.map(({ seq }) => (seq === 7 ? null : { task: { seq } }));
  });
  const answers = await Promise.all([...refs(600), { shard: 0, lane: 1, seq: 3 }].map((ref) => reader.read(ref)));
  expect(answers.map((stored) => stored?.task.seq)).toEqual([
    ...refs(600).map(({ seq }) => (seq === 7 ? undefined : seq)),
    3,
  ]);
  expect(sizes).toEqual([500, 101]);
});

test("a read that fails fails for all who asked, and the next is tried anew", async () => {
  let fails = true;
  const reader = readerOf(async (asked) => {
    if (fails) throw new Error("away");
    return asked.map(() => null);
  });
  const [one, two] = refs(2).map((ref) => reader.read(ref));
  await expect(one).rejects.toThrow("away");
  await expect(two).rejects.toThrow("away");
  fails = false;
  expect(await reader.read(refs(1)[0]!)).toBeNull();
});
