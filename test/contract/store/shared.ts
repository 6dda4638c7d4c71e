import { describe, expect, test } from "@jest/globals";
import { COUNTERS_PER_EPOCH } from "../../../coordinator/kernel/task-ref.ts";
import type { SharedStore } from "../../../coordinator/ports/shared-store.ts";
import type { OwnedShard, Store } from "../../../coordinator/ports/store.ts";
import { FencedError, OwnedError, StoreRestoredError } from "../../../coordinator/ports/store-errors.ts";
import { until } from "../../support/until.ts";
import { type FreshDatabase, type OpenFresh, onFresh } from "./fresh.ts";
import { claimAll, type Owner, ownerOf } from "./owner.ts";
import { endRow, gateRow, T0 } from "./rows.ts";

const FOREVER = Number.MAX_SAFE_INTEGER;

interface Member {
  readonly store: Store;
  readonly shared: SharedStore;
  readonly member: number;
  /** Takes shards from who owns them now, into an open segment of its own. */
  take(shards: readonly number[]): Promise<Owner>;
}

async function joinAs(fresh: FreshDatabase, name: string): Promise<Member> {
  const store = await fresh.open();
  const shared = store.shared!;
  const member = await shared.join({ name, address: `${name}:7400`, version: "5" });
  const { seg } = await store.segments.open([], [], 1);
  return {
    store,
    shared,
    member,
    async take(shards) {
      const { shards: now } = await shared.look();
      const claims = shards.map((shard) => ({ shard, from: now[shard]!.member }));
      return ownerOf(store, await shared.take(claims, seg), seg);
    },
  };
}

/** The exam of stores that several coordinators may divide among themselves. */
export function sharedExam(openFresh: OpenFresh): void {
  const members = (body: (a: Member, b: Member, fresh: FreshDatabase) => Promise<void>) =>
    onFresh(openFresh, async (fresh) => body(await joinAs(fresh, "a"), await joinAs(fresh, "b"), fresh));

  describe("a store that is shared", () => {
    test(
      "members see each other, and who owns what",
      members(async (a, b) => {
        await a.take([0, 2]);
        const { members, shards } = await b.shared.look();
        expect(members.map(({ member, name, address, connected }) => ({ member, name, address, connected }))).toEqual([
          { member: a.member, name: "a", address: "a:7400", connected: true },
          { member: b.member, name: "b", address: "b:7400", connected: true },
        ]);
        expect(shards.slice(0, 3).map(({ shard, member }) => [shard, member])).toEqual([
          [0, a.member],
          [1, 0],
          [2, a.member],
        ]);
      }),
    );

    test(
      "a member whose store has closed is seen to be gone, and its shards can be taken",
      members(async (a, b) => {
        const old = await a.take([0]);
        await a.store.close();
        // The store has left; its database may still have to see that the session is gone.
        await until("it to be seen to be gone", async () => {
          const { members } = await b.shared.look();
          return members.find(({ member }) => member === a.member)?.connected === false;
        });
        const next = await b.take([0]);
        expect(next.shards[0]?.epoch).toBe((old.shards[0]?.epoch ?? 0) + 1);
      }),
    );

    test(
      "who has looked too early takes nothing",
      members(async (a, b) => {
        const { shards } = await b.shared.look();
        const owner = await a.take([0]);
        expect(await b.shared.take([{ shard: 0, from: shards[0]!.member }], 1)).toEqual([]);
        const task = owner.task();
        await owner.flush({ tasks: [task] });
        expect(await owner.stored(task)).not.toBeNull();
      }),
    );

    test(
      "a shard that is taken fences its old owner there and nowhere else",
      members(async (a, b) => {
        const old = await a.take([0, 1]);
        await b.take([0]);
        await expect(old.flush({ tasks: [old.task({ shard: 0 })] })).rejects.toBeInstanceOf(FencedError);
        const kept = old.task({ shard: 1 });
        await old.flush({ tasks: [kept] });
        expect(await old.stored(kept)).not.toBeNull();
      }),
    );

    test(
      "the stretches of a shard follow each other over the segments of its owners",
      members(async (a, b) => {
        const first = await a.take([0]);
        const before = first.task();
        await first.flush({ tasks: [before] });
        const second = await b.take([0]);
        const third = await a.take([0]);
        const segments = await a.store.segments.list();
        const ranges = segments.flatMap(({ seg, ranges }) =>
          ranges.filter(({ shard }) => shard === 0).map((range) => ({ seg, ...range })),
        );
        const at = ({ epoch }: OwnedShard) => epoch * COUNTERS_PER_EPOCH;
        expect(ranges.sort((x, y) => x.fromSeq - y.fromSeq)).toEqual([
          { seg: first.seg, shard: 0, fromSeq: at(first.shards[0]!), untilSeq: at(second.shards[0]!) },
          { seg: second.seg, shard: 0, fromSeq: at(second.shards[0]!), untilSeq: at(third.shards[0]!) },
          { seg: first.seg, shard: 0, fromSeq: at(third.shards[0]!) },
        ]);
        expect(await second.stored(before)).not.toBeNull();
      }),
    );

    test(
      "what is given back belongs to nobody; what another has taken stays the other's",
      members(async (a, b) => {
        const owner = await a.take([0, 1]);
        await b.take([1]);
        await a.shared.giveBack(owner.shards);
        const { shards } = await a.shared.look();
        expect(shards.slice(0, 2).map(({ member }) => member)).toEqual([0, b.member]);
      }),
    );

    test(
      "each owner withdraws its shards from a segment; the last one empties it",
      members(async (a, b) => {
        const old = await a.take([0, 1]);
        const [ended, unfinished] = [old.task({ shard: 0 }), old.task({ shard: 1 })];
        await old.flush({ tasks: [ended, unfinished], ends: [endRow(ended)] });
        const sealed = old.seg;
        const { seg } = await old.openSegment();
        const other = await b.take([1]);
        const one = await a.store.segments.reclaim([old.shards[0]!], sealed, FOREVER, 10);
        expect(one).toEqual({ outcome: "reclaimed", moved: [] });
        expect((await a.store.segments.list()).map((segment) => segment.seg)).toContain(sealed);
        expect((await other.stored(unfinished))?.task.seg).toBe(sealed);
        const two = await b.store.segments.reclaim(other.shards, sealed, FOREVER, 10);
        expect(two).toMatchObject({ outcome: "reclaimed", moved: [{ shard: 1, seq: unfinished.seq }] });
        expect((await a.store.segments.list()).map((segment) => segment.seg)).not.toContain(sealed);
        expect((await other.stored(unfinished))?.task).toEqual({ ...unfinished, seg: 0 });
        expect(seg).not.toBe(sealed);
      }),
    );

    test(
      "an owner is given due and expired tasks of its own shards alone",
      members(async (a, b) => {
        const [one, two] = [await a.take([0]), await b.take([1])];
        const [mine, later] = [
          one.task({ shard: 0, expiresAt: T0 }),
          one.task({ shard: 0, seg: 0, runAt: T0 + 1, createdAt: T0 }),
        ];
        const [other, otherLater] = [
          two.task({ shard: 1, expiresAt: T0 }),
          two.task({ shard: 1, seg: 0, runAt: T0 + 1, createdAt: T0 }),
        ];
        await one.flush({ tasks: [mine, later] });
        await two.flush({ tasks: [other, otherLater] });
        const segs = (await a.store.segments.list()).map(({ seg }) => seg);
        const readBy = async ({ recovery }: Store) => [
          (await recovery.expired(segs, 0, T0 + 1, null, 10)).map(({ shard }) => shard),
          (await recovery.due(0, T0 + 1, null, 10)).map(({ task }) => task.shard),
        ];
        expect(await readBy(a.store)).toEqual([[0], [0]]);
        expect(await readBy(b.store)).toEqual([[1], [1]]);
        await a.shared.giveBack(one.shards);
        await b.take([0]);
        expect(await readBy(a.store)).toEqual([[], []]);
        expect((await readBy(b.store)).map((shards) => shards.sort())).toEqual([
          [0, 1],
          [0, 1],
        ]);
      }),
    );

    test(
      "the open segment of a member that lives is not given back, not even when it is empty",
      members(async (a, b) => {
        const owner = await b.take([0]);
        const empty = (await a.store.segments.open([], [], 1)).seg;
        const reclaim = async () => (await b.store.segments.reclaim(owner.shards, empty, FOREVER, 10)).outcome;
        expect(await reclaim()).toBe("recent");
        await a.store.close();
        // The server ends a session when it gets round to it.
        await until("it to be given back", async () => (await reclaim()) === "reclaimed");
      }),
    );

    test(
      "a message that comes to two coordinators at once is written once",
      members(async (a, b) => {
        const [one, two] = [await a.take([0]), await b.take([1])];
        for (let turn = 0; turn < 20; turn++) {
          const tasks = [one.task({ shard: 0 }), two.task({ shard: 1 })] as const;
          const results = await Promise.allSettled([
            one.flush({ tasks: [tasks[0]], requests: [gateRow(`r:${turn}`)] }),
            two.flush({
              tasks: [tasks[1]],
              requests: [gateRow(`r:${turn}`, { expiresAt: gateRow("x").expiresAt + 1 })],
            }),
          ]);
          expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
          const stored = await Promise.all([one.stored(tasks[0]), two.stored(tasks[1])]);
          expect(stored.filter((task) => task !== null)).toHaveLength(1);
        }
      }),
    );

    test(
      "of several owners each learns that one of them distrusts the database",
      members(async (a, b) => {
        const one = await a.take([0]);
        expect(await a.store.distrust(one.shards[0]!, 70)).toBe(true);
        await expect(b.shared.look()).rejects.toBeInstanceOf(StoreRestoredError);
        await expect(a.shared.look()).rejects.toBeInstanceOf(StoreRestoredError);
      }),
    );

    test(
      "who wants the store whole is refused while a member lives, and members while it is owned whole",
      onFresh(openFresh, async (fresh) => {
        const member = await joinAs(fresh, "a");
        const alone = await fresh.open();
        await expect(alone.claim("alone", false)).rejects.toBeInstanceOf(OwnedError);
        await member.shared.leave();
        const owner = await claimAll(alone);
        expect(owner.shards.length).toBeGreaterThan(1);
        await expect(member.shared.join({ name: "a", address: "", version: "" })).rejects.toBeInstanceOf(OwnedError);
      }),
    );
  });
}
