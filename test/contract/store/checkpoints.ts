import { describe, expect, test } from "@jest/globals";
import { FencedError } from "../../../coordinator/ports/store-errors.ts";
import type { OpenFresh } from "./fresh.ts";
import { asOwner, claimAll } from "./owner.ts";
import { bytes } from "./rows.ts";

export function checkpointsExam(openFresh: OpenFresh): void {
  describe("checkpoints and flush rows", () => {
    test(
      "a checkpoint replaces the one before of its shard",
      asOwner(openFresh, async (owner) => {
        const { recovery } = owner.store;
        expect(await recovery.checkpoints()).toEqual([]);
        const [zero, one] = owner.shards as [(typeof owner.shards)[0], (typeof owner.shards)[0]];
        const first = [
          { ...zero, flushNo: 4, at: 10, body: bytes("zero") },
          { ...one, flushNo: 5, at: 10, body: new Uint8Array(200_000).fill(7) },
        ];
        await recovery.writeCheckpoints(first);
        expect([...(await recovery.checkpoints())].sort((a, b) => a.shard - b.shard)).toEqual(first);
        const second = { ...zero, flushNo: 9, at: 20, body: new Uint8Array(0) };
        await recovery.writeCheckpoints([second]);
        expect([...(await recovery.checkpoints())].sort((a, b) => a.shard - b.shard)).toEqual([second, first[1]]);
        await recovery.writeCheckpoints([]);
      }),
    );

    test(
      "one stale epoch refuses all checkpoints of the call",
      asOwner(openFresh, async (owner) => {
        const { recovery } = owner.store;
        const body = bytes("x");
        await expect(
          recovery.writeCheckpoints([
            { ...owner.shards[0]!, flushNo: 1, at: 1, body },
            { ...owner.shards[1]!, epoch: owner.shards[1]!.epoch - 1, flushNo: 1, at: 1, body },
          ]),
        ).rejects.toBeInstanceOf(FencedError);
        expect(await recovery.checkpoints()).toEqual([]);
      }),
    );

    test(
      "the body of a flush without other rows is kept to the byte, large ones too, under the epoch and in doubt",
      asOwner(openFresh, async (owner, fresh) => {
        const bodies = [
          Uint8Array.from({ length: 256 }, (_, at) => at),
          new Uint8Array(0),
          new Uint8Array(1_500_000).fill(9),
        ];
        const batchWith = (body: Uint8Array) => {
          const batch = owner.batch();
          return { ...batch, shards: batch.shards.map((shard) => ({ ...shard, body })) };
        };
        for (const body of bodies) await owner.store.flush(batchWith(body));
        const doubted = batchWith(bytes("[]"));
        expect(await owner.store.resolve(doubted)).toBeNull();
        await owner.store.flush(doubted);
        expect(await owner.store.resolve(doubted)).toEqual({ keys: [], lostEnds: [] });
        const { seg } = owner;
        await owner.openSegment();
        const late = batchWith(bytes("late"));
        const read = async () =>
          (await owner.store.recovery.flushesAfter(0, 0, 0, [seg, owner.seg])).map((flush) => flush.body);
        expect(await read()).toEqual([...bodies, bytes("[]")]);
        await claimAll(await fresh.open(), true);
        await expect(owner.store.flush(late)).rejects.toBeInstanceOf(FencedError);
        expect(await read()).toEqual([...bodies, bytes("[]")]);
      }),
    );

    test(
      "flush rows of a shard are read back oldest first, over epochs and segments",
      asOwner(openFresh, async (old, fresh) => {
        const first = old.seg;
        await old.flush({ tasks: [old.task(), old.task({ shard: 1 })] });
        await old.flush();
        await old.openSegment();
        await old.flush();
        const successor = await claimAll(await fresh.open(), true);
        successor.seg = old.seg;
        await successor.flush();
        await successor.flush({ tasks: [successor.task({ shard: 1 })] });

        const { recovery } = successor.store;
        const segs = [old.seg, first];
        const [oldEpoch, newEpoch] = [old.shards[0]!.epoch, successor.shards[0]!.epoch];
        const after = async (shard: number, epoch: number, flushNo: number, where = segs) =>
          (await recovery.flushesAfter(shard, epoch, flushNo, where)).map((row) => [row.epoch, row.flushNo]);
        expect(await after(0, 0, 0)).toEqual([
          [oldEpoch, 1],
          [oldEpoch, 2],
          [oldEpoch, 3],
          [newEpoch, 1],
        ]);
        expect(await after(0, oldEpoch, 2)).toEqual([
          [oldEpoch, 3],
          [newEpoch, 1],
        ]);
        expect(await after(0, oldEpoch, 99)).toEqual([[newEpoch, 1]]);
        expect(await after(0, newEpoch, 1)).toEqual([]);
        expect(await after(0, 0, 0, [first])).toEqual([
          [oldEpoch, 1],
          [oldEpoch, 2],
        ]);
        expect(await recovery.flushesAfter(1, oldEpoch, 1, segs)).toEqual([
          { shard: 1, epoch: newEpoch, flushNo: 1, body: Uint8Array.of(1, 1) },
        ]);
      }),
    );
  });
}
