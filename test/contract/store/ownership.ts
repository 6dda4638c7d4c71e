import { describe, expect, test } from "@jest/globals";
import { FencedError, OwnedError, StoreRestoredError } from "../../../coordinator/ports/store-errors.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { asOwner, claimAll } from "./owner.ts";
import { endRow, eventRow, gateRow, moveRow } from "./rows.ts";

export function ownershipExam(openFresh: OpenFresh): void {
  describe("claim and fencing", () => {
    test(
      "a claim gives every shard, each epoch one higher than before, or as much as is asked",
      onFresh(openFresh, async (fresh) => {
        const store = await fresh.open();
        const { shards } = await store.catalog.meta();
        const first = await store.claim("a", false);
        expect(first.map((owned) => owned.shard)).toEqual([...Array(shards).keys()]);
        for (const owned of first) expect(owned.epoch).toBeGreaterThanOrEqual(1);
        const second = await store.claim("a", false);
        expect(second).toEqual(first.map(({ shard, epoch }) => ({ shard, epoch: epoch + 1 })));
        const third = await store.claim("a", false, 4_096);
        expect(third).toEqual(first.map(({ shard, epoch }) => ({ shard, epoch: epoch + 4_097 })));
      }),
    );

    test(
      "a database that is distrusted by its newest owner is nobody's until its epochs are raised beyond what was seen",
      onFresh(openFresh, async (fresh) => {
        const store = await fresh.open();
        const before = await store.claim("a", false);
        const owned = await store.claim("a", false);
        expect(await store.distrust(before[0]!, 70)).toBe(false);
        expect(await store.claim("a", false)).toHaveLength(owned.length);
        const newest = (await store.claim("a", false))[0]!;
        expect(await store.distrust(newest, 70)).toBe(true);
        expect(await store.distrust(newest, 60)).toBe(true);
        await store.close();
        const next = await fresh.open();
        for (let times = 0; times < 2; times++) {
          const refusal = await next.claim("b", times > 0).catch((error: unknown) => error);
          expect(refusal).toBeInstanceOf(StoreRestoredError);
          expect((refusal as Error).message).toContain("a fencing token of epoch 70,");
        }
        if (next.shared !== undefined) {
          const member = { name: "c", address: "", version: "" };
          await expect(next.shared.join(member)).rejects.toBeInstanceOf(StoreRestoredError);
        }
        for (const { epoch } of await next.claim("b", false, 10)) expect(epoch).toBe(80);
        for (const { epoch } of await next.claim("b", false)) expect(epoch).toBe(81);
      }),
    );

    test(
      "a second claimant is refused and told who owns the shards",
      onFresh(openFresh, async (fresh) => {
        const first = await fresh.open();
        const owned = await first.claim("host-a pid 4711 10.0.0.1:7400", false);
        const second = await fresh.open();
        const refusal = await second.claim("host-b", false).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(OwnedError);
        expect((refusal as OwnedError).owner).toContain("host-a pid 4711 10.0.0.1:7400");
        expect(await first.claim("host-a", false)).toEqual(owned.map((o) => ({ ...o, epoch: o.epoch + 1 })));
      }),
    );

    test(
      "an owner that has closed may be followed without a takeover",
      onFresh(openFresh, async (fresh) => {
        const first = await fresh.open();
        const owned = await first.claim("a", false);
        await first.close();
        const second = await fresh.open();
        expect((await second.claim("b", false))[0]?.epoch).toBe((owned[0]?.epoch ?? 0) + 1);
      }),
    );

    test(
      "after a takeover every write of the old owner is fenced and changes nothing",
      asOwner(openFresh, async (old, fresh) => {
        const kept = old.task();
        await old.flush({ tasks: [kept] });
        const successor = await claimAll(await fresh.open(), true);
        expect(successor.shards[0]?.epoch).toBe((old.shards[0]?.epoch ?? 0) + 1);

        const late = old.task();
        await expect(
          old.flush({
            tasks: [late],
            events: [eventRow(kept, old.next())],
            requests: [gateRow("r:late")],
            keys: [gateRow("k:late")],
          }),
        ).rejects.toBeInstanceOf(FencedError);
        await expect(old.flush({ ends: [endRow(kept)] })).rejects.toBeInstanceOf(FencedError);
        await expect(old.flush({ moves: [moveRow(kept, 0)] })).rejects.toBeInstanceOf(FencedError);

        expect(await successor.stored(late)).toBeNull();
        const stored = await successor.stored(kept);
        expect(stored?.task.seg).toBe(kept.seg);
        expect(stored?.events).toEqual([]);
        expect(stored?.end).toBeNull();
        successor.seg = old.seg;
        const mine = successor.task();
        const result = await successor.flush({
          tasks: [mine],
          taskKeys: [0],
          requests: [gateRow("r:late")],
          keys: [gateRow("k:late")],
        });
        expect(result.keys).toEqual([null]);
        expect(await successor.stored(mine)).not.toBeNull();
      }),
    );

    test(
      "after a takeover segments and checkpoints of the old owner are fenced too",
      asOwner(openFresh, async (old, fresh) => {
        const sealed = old.seg;
        await old.openSegment();
        const successor = await fresh.open();
        await successor.claim("b", true);
        const before = await successor.segments.list();

        const checkpoint = { ...old.shards[0]!, flushNo: 1, at: 1, body: new Uint8Array(1) };
        await expect(old.store.recovery.writeCheckpoints([checkpoint])).rejects.toBeInstanceOf(FencedError);
        await expect(old.openSegment()).rejects.toBeInstanceOf(FencedError);
        await expect(
          old.store.segments.reclaim(old.shards, sealed, Number.MAX_SAFE_INTEGER, 10),
        ).rejects.toBeInstanceOf(FencedError);
        await expect(old.store.segments.pruneLater(old.shards, Number.MAX_SAFE_INTEGER, 10)).rejects.toBeInstanceOf(
          FencedError,
        );

        expect(await successor.recovery.checkpoints()).toEqual([]);
        expect(await successor.segments.list()).toEqual(before);
      }),
    );

    test(
      "whoever only asks whether it owns its shards still is told, without writing anything",
      asOwner(openFresh, async (old, fresh) => {
        const kept = old.task();
        await old.flush({ tasks: [kept] });
        await old.store.checkOwner(old.shards);
        const successor = await fresh.open();
        const shards = await successor.claim("b", true);
        await expect(old.store.checkOwner(old.shards)).rejects.toBeInstanceOf(FencedError);
        await expect(old.store.checkOwner(old.shards.slice(-1))).rejects.toBeInstanceOf(FencedError);
        await successor.checkOwner(shards);
        await old.store.checkOwner([]);
      }),
    );

    test(
      "one stale epoch among several shards refuses the whole flush",
      asOwner(openFresh, async (owner) => {
        const good = owner.task({ shard: 1 });
        const batch = owner.batch({ tasks: [good] });
        const stale = { shard: 0, epoch: owner.shards[0]!.epoch - 1, flushNo: 1, body: new Uint8Array(0) };
        await expect(owner.store.flush({ ...batch, shards: [...batch.shards, stale] })).rejects.toBeInstanceOf(
          FencedError,
        );
        expect(await owner.stored(good)).toBeNull();
      }),
    );
  });
}
