import { expect, test } from "@jest/globals";
import { WaitTurns } from "../../sdk/typescript/client/wait-turns.ts";

test("no more waits are open than it allows, everybody has a turn, and waits are short while others stand in line", async () => {
  const turns = new WaitTurns(2);
  let open = 0;
  let most = 0;
  const asked: number[] = [];
  const ends: (() => void)[] = [];
  const waits = Array.from({ length: 5 }, (_, index) =>
    turns.take(async (timeoutMs) => {
      open++;
      most = Math.max(most, open);
      asked.push(timeoutMs);
      await new Promise<void>((resolve) => ends.push(resolve));
      open--;
      return index;
    }),
  );
  for (let ended = 0; ended < 5; ended++) {
    await new Promise((resolve) => setImmediate(resolve));
    ends.shift()?.();
  }
  expect(await Promise.all(waits)).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(asked.slice(1)).toEqual([1_000, 1_000, 1_000, 1_000]);
});

test("a wait that fails gives its turn on", async () => {
  const turns = new WaitTurns(1);
  const failed = turns.take(() => Promise.reject(new Error("gone")));
  const next = turns.take(async (timeoutMs) => timeoutMs);
  await expect(failed).rejects.toThrow("gone");
  expect(await next).toBe(1_000);
});
