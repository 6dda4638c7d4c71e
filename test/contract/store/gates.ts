import { describe, expect, test } from "@jest/globals";
import { RequestRepeatedError } from "../../../coordinator/ports/store-errors.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner, type Owner } from "./owner.ts";
import { bytes, DAY_MS, eventRow, gateRow, T0 } from "./rows.ts";

const hit = (key: string) => ({ hash: bytes(`hash of ${key}`), answer: bytes(`answer of ${key}`) });

async function refusal(owner: Owner, parts: Parameters<Owner["flush"]>[0]): Promise<RequestRepeatedError> {
  const error = await owner.flush(parts).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(RequestRepeatedError);
  return error as RequestRepeatedError;
}

export function gatesExam(openFresh: OpenFresh): void {
  describe("gates", () => {
    test(
      "a request that was there refuses the whole flush and says what it held",
      asOwner(openFresh, async (owner) => {
        await owner.flush({ requests: [gateRow("r:1"), gateRow("r:2", { hash: new Uint8Array(0) })] });
        const task = owner.task();
        const error = await refusal(owner, {
          tasks: [task],
          events: [eventRow(task, owner.next())],
          requests: [gateRow("r:1"), gateRow("r:new"), gateRow("r:2")],
          keys: [gateRow("k:new")],
          taskKeys: [0],
        });
        expect(new Map(error.hits)).toEqual(
          new Map([
            ["r:1", hit("r:1")],
            ["r:2", { hash: new Uint8Array(0), answer: bytes("answer of r:2") }],
          ]),
        );
        expect(await owner.stored(task)).toBeNull();
        const free = await owner.flush({
          tasks: [task],
          taskKeys: [0],
          keys: [gateRow("k:new")],
          requests: [gateRow("r:new")],
        });
        expect(free.keys).toEqual([null]);
      }),
    );

    test(
      "a key that was there keeps only its own task out",
      asOwner(openFresh, async (owner) => {
        const [first, repeat, other, plain] = [owner.task(), owner.task(), owner.task(), owner.task()];
        expect((await owner.flush({ tasks: [first], taskKeys: [0], keys: [gateRow("k:1")] })).keys).toEqual([null]);
        const result = await owner.flush({
          tasks: [plain, repeat, other],
          taskKeys: [-1, 0, 1],
          keys: [gateRow("k:1", { hash: bytes("another body"), answer: bytes("never kept") }), gateRow("k:2")],
        });
        expect(result.keys).toEqual([hit("k:1"), null]);
        expect(await owner.stored(first)).not.toBeNull();
        expect(await owner.stored(repeat)).toBeNull();
        expect(await owner.stored(other)).not.toBeNull();
        expect(await owner.stored(plain)).not.toBeNull();
        const third = await owner.flush({ tasks: [owner.task()], taskKeys: [0], keys: [gateRow("k:1")] });
        expect(third.keys).toEqual([hit("k:1")]);
      }),
    );

    test(
      "a gate holds until its time, whatever day that is in, and is free from then on",
      asOwner(openFresh, async (owner) => {
        const ends = [T0 + 1_000, T0 + DAY_MS, T0 + 7 * DAY_MS];
        for (const [i, expiresAt] of ends.entries()) {
          const key = `k:${i}`;
          const first = await owner.flush({
            tasks: [owner.task()],
            taskKeys: [0],
            keys: [gateRow(key, { expiresAt })],
          });
          expect(first.keys).toEqual([null]);
          const held = await owner.flush({
            at: expiresAt - 1,
            tasks: [owner.task()],
            taskKeys: [0],
            keys: [gateRow(key, { expiresAt: expiresAt + 500 })],
          });
          expect(held.keys).toEqual([hit(key)]);
          const later = owner.task();
          const freed = await owner.flush({
            at: expiresAt,
            tasks: [later],
            taskKeys: [0],
            keys: [gateRow(key, { expiresAt: expiresAt + 9_000, answer: bytes("second life") })],
          });
          expect(freed.keys).toEqual([null]);
          expect(await owner.stored(later)).not.toBeNull();
          const again = await owner.flush({
            at: expiresAt + 8_999,
            tasks: [owner.task()],
            taskKeys: [0],
            keys: [gateRow(key, { expiresAt: expiresAt + 2 * DAY_MS })],
          });
          expect(again.keys).toEqual([{ hash: hit(key).hash, answer: bytes("second life") }]);
        }
      }),
    );

    test(
      "a request gate is free again once it has expired",
      asOwner(openFresh, async (owner) => {
        await owner.flush({ requests: [gateRow("r:1", { expiresAt: T0 + 1_000 })] });
        await refusal(owner, { at: T0 + 999, requests: [gateRow("r:1")] });
        await owner.flush({ at: T0 + 1_000, requests: [gateRow("r:1", { expiresAt: T0 + DAY_MS })] });
        await refusal(owner, { at: T0 + 2_000, requests: [gateRow("r:1")] });
      }),
    );

    test(
      "requests and keys are told apart by their prefix, and keys are compared byte by byte",
      asOwner(openFresh, async (owner) => {
        await owner.flush({ requests: [gateRow("r:same"), gateRow("r:Case")] });
        const keys = ["k:same", "k:case", "k:Case", "k:case ", "k:%_'\"\\"].map((key) => gateRow(key));
        const tasks = keys.map(() => owner.task());
        const result = await owner.flush({ requests: [gateRow("r:case")], keys, tasks, taskKeys: [0, 1, 2, 3, 4] });
        expect(result.keys).toEqual([null, null, null, null, null]);
      }),
    );

    test(
      "a key of 200 bytes is kept whole",
      asOwner(openFresh, async (owner) => {
        const long = `k:${"x".repeat(197)}`;
        const keys = [gateRow(`${long}a`), gateRow(`${long}b`)];
        const flush = () => owner.flush({ keys, tasks: [owner.task(), owner.task()], taskKeys: [0, 1] });
        expect((await flush()).keys).toEqual([null, null]);
        expect((await flush()).keys).toEqual([hit(`${long}a`), hit(`${long}b`)]);
      }),
    );
  });
}
