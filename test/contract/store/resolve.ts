import { describe, expect, test } from "@jest/globals";
import type { FlushBatch } from "../../../coordinator/ports/store.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { asOwner, claimAll, startOwner } from "./owner.ts";
import { bytes, CANCELLED, endRow, FAILED, gateRow, moveRow, T0 } from "./rows.ts";

export function resolveExam(openFresh: OpenFresh): void {
  describe("resolve", () => {
    test(
      "a flush that was committed is answered as the flush was",
      asOwner(openFresh, async (owner) => {
        const [a, b, c, d] = [owner.task(), owner.task(), owner.task(), owner.task()];
        await owner.flush({ tasks: [a, b], taskKeys: [0, -1], keys: [gateRow("k:held")], ends: [endRow(b)] });
        const batch = owner.batch({
          requests: [gateRow("r:1")],
          keys: [gateRow("k:held", { answer: bytes("not this") }), gateRow("k:free")],
          tasks: [c, d],
          taskKeys: [0, 1],
          ends: [endRow(a), endRow(b, { status: FAILED })],
        });
        const result = await owner.store.flush(batch);
        expect(result.keys).toEqual([{ hash: bytes("hash of k:held"), answer: bytes("answer of k:held") }, null]);
        expect(result.lostEnds).toEqual([1]);
        expect(await owner.store.resolve(batch)).toEqual(result);
        expect(await owner.store.resolve(batch)).toEqual(result);
      }),
    );

    test(
      "an end that lost to its equal is still told to have lost",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        await owner.flush({ tasks: [task], ends: [endRow(task)] });
        const batch = owner.batch({ ends: [endRow(task)] });
        expect((await owner.store.flush(batch)).lostEnds).toEqual([0]);
        expect((await owner.store.resolve(batch))?.lostEnds).toEqual([0]);
      }),
    );

    test(
      "a flush of moves, of several shards or of nothing is found again",
      asOwner(openFresh, async (owner) => {
        const [a, b] = [owner.task(), owner.task({ shard: 1 })];
        await owner.flush({ tasks: [a, b] });
        const batches = [
          owner.batch({ moves: [moveRow(a, 0)], ends: [endRow(b, { status: CANCELLED })] }),
          owner.batch(),
        ];
        for (const batch of batches) {
          expect(await owner.store.resolve(batch)).toBeNull();
          const result = await owner.store.flush(batch);
          expect(await owner.store.resolve(batch)).toEqual(result);
        }
      }),
    );

    test(
      "a flush that was never sent, or was refused, wrote nothing",
      asOwner(openFresh, async (owner) => {
        const task = owner.task();
        const unsent = owner.batch({ tasks: [task], ends: [endRow(task)] });
        expect(await owner.store.resolve(unsent)).toBeNull();
        await owner.flush({ requests: [gateRow("r:1")] });
        const refused = owner.batch({ tasks: [owner.task()], requests: [gateRow("r:1")] });
        await expect(owner.store.flush(refused)).rejects.toThrow();
        expect(await owner.store.resolve(refused)).toBeNull();
        expect(await owner.store.flush(unsent)).toEqual({ keys: [], lostEnds: [] });
      }),
    );

    test(
      "a process that stops before or after the commit learns which",
      onFresh(openFresh, async (fresh) => {
        let stopAt = "";
        const owner = await startOwner(fresh, {
          failpoint: (name) => {
            if (name === stopAt) throw new Error("stopped");
          },
        });
        const stopped = async (at: string, batch: FlushBatch) => {
          stopAt = at;
          await expect(owner.store.flush(batch)).rejects.toThrow();
          stopAt = "";
          return owner.store.resolve(batch);
        };
        const [a, b] = [owner.task(), owner.task()];
        const before = owner.batch({ tasks: [a], taskKeys: [0], keys: [gateRow("k:a")] });
        expect(await stopped("flush.begin", before)).toBeNull();
        expect(await stopped("flush.before-commit", before)).toBeNull();
        expect(await owner.stored(a)).toBeNull();
        const after = owner.batch({ tasks: [b], taskKeys: [0], keys: [gateRow("k:b")], at: T0 });
        expect(await stopped("flush.after-commit", after)).toEqual({ keys: [null], lostEnds: [] });
        expect(await owner.stored(b)).not.toBeNull();
      }),
    );

    test(
      "a flush that was committed before a takeover is found by the fenced one",
      asOwner(openFresh, async (owner, fresh) => {
        const batch = owner.batch({ tasks: [owner.task()] });
        const result = await owner.store.flush(batch);
        await claimAll(await fresh.open(), true);
        expect(await owner.store.resolve(batch)).toEqual(result);
        expect(await owner.store.resolve(owner.batch({ tasks: [owner.task()] }))).toBeNull();
      }),
    );
  });
}
