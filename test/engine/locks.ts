import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Store } from "../../coordinator/ports/store.ts";
import { type Ask, type LockUser, lockUser, shapeOf, tokenOf } from "../support/lock-user.ts";
import { until } from "../support/until.ts";
import { type OpenFresh, useLockHouses } from "./lock-houses.ts";

/** Locks on one store: every plugin must show the same. */
export function locksOnStore(name: string, openFresh: OpenFresh): void {
  describe(`locks on ${name}`, () => {
    const { openAgain, start } = useLockHouses(openFresh);
    let locks: LockUser;
    beforeEach(async () => {
      locks = lockUser(await start());
    });

    test("a lock is given to one, then to the next in line, with a token that rises", async () => {
      const first = tokenOf(await locks.acquire("deploy", { holder: "a" }));
      expect(await locks.acquire("deploy")).toMatchObject({ acquired: false, lock: { holders: [{ token: first }] } });
      const b = locks.acquire("deploy", { holder: "b", wait: 60 });
      const c = locks.acquire("deploy", { holder: "c", wait: 60 });
      await until("both to wait", async () => (await locks.get("deploy")).waiting === 2);
      expect(await shapeOf(locks, "deploy")).toEqual([[first], ["b", "c"]]);
      expect(await locks.release("deploy", first)).toMatchObject({ changed: true });
      const second = tokenOf(await b);
      await locks.release("deploy", second);
      const third = tokenOf(await c);
      expect([second > first, third > second]).toEqual([true, true]);
      await locks.release("deploy", third);
      expect(await locks.get("deploy")).toMatchObject({ permits: 1, holders: [], waiters: [], waiting: 0 });
      expect(tokenOf(await locks.acquire("deploy")) > third).toBe(true);
    });

    test("a wait that is over, and a caller that is gone, leave the line", async () => {
      const token = tokenOf(await locks.acquire("l"));
      const gone = new AbortController();
      const left = locks.acquire("l", { wait: 60, holder: "gone", signal: gone.signal });
      const late = locks.acquire("l", { wait: 3, holder: "late" });
      const stays = locks.acquire("l", { wait: 60, holder: "stays" });
      await until("all to wait", async () => (await locks.get("l")).waiting === 3);
      gone.abort();
      expect(await left).toMatchObject({ acquired: false });
      expect(await late).toMatchObject({ acquired: false });
      expect(await shapeOf(locks, "l")).toEqual([[token], ["stays"]]);
      await locks.release("l", token);
      expect(await stays).toMatchObject({ acquired: true });
    });

    test("a lock that is not renewed ends, and its holder learns of it", async () => {
      const token = tokenOf(await locks.acquire("l", { ttl: 1 }));
      const next = tokenOf(await locks.acquire("l", { wait: 60 }));
      expect(next > token).toBe(true);
      for (const call of [locks.renew("l", token), locks.release("l", token)])
        await expect(call).rejects.toMatchObject({ code: "FAILED_PRECONDITION", reason: "LOCK_NOT_HELD" });
      expect(await shapeOf(locks, "l")).toEqual([[next], []]);
    });

    test("a renewed lock outlives its first term", async () => {
      const token = tokenOf(await locks.acquire("l", { ttl: 2 }));
      expect(await locks.renew("l", token, 3_600)).toMatchObject({ expiresIn: expect.anything() });
      expect(await locks.acquire("l", { wait: 3 })).toMatchObject({ acquired: false });
      expect(await shapeOf(locks, "l")).toEqual([[token], []]);
    });

    test("a call that is repeated gets what the first got", async () => {
      const first = await locks.acquire("l", { requestId: "one" });
      expect(await locks.acquire("l", { requestId: "one" })).toMatchObject({ acquired: true, token: first.token });
      const lost = locks.acquire("l", { requestId: "two", wait: 60 });
      const refused = expect(lost).rejects.toMatchObject({ code: "ABORTED" });
      await until("it to wait", async () => (await locks.get("l")).waiting === 1);
      const again = locks.acquire("l", { requestId: "two", wait: 60 });
      await refused;
      expect(await locks.release("l", first.token)).toMatchObject({ changed: true });
      expect(await locks.release("l", first.token)).toMatchObject({ changed: false });
      expect(tokenOf(await again) > first.token).toBe(true);
      await expect(locks.acquire("l", { requestId: "one", wait: 60 })).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        reason: "LOCK_REQUEST_OVER",
      });
    });

    test("a grant to a caller that has gone is soon another's", async () => {
      expect(await locks.acquire("l", { ttl: 3_600, signal: AbortSignal.abort() })).toMatchObject({ acquired: false });
      expect(await locks.acquire("l", { wait: 60 })).toMatchObject({ acquired: true });
    });

    test("a semaphore is held by as many as it has permits", async () => {
      const asks = [1, 2, 3].map((n) => locks.acquire("pool", { permits: 2, wait: 60, holder: `${n}` }));
      const [a, b] = await Promise.all(asks.slice(0, 2));
      await expect(locks.acquire("pool", { permits: 3 })).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        reason: "LOCK_PERMITS",
      });
      expect(await shapeOf(locks, "pool")).toEqual([[a?.token, b?.token], ["3"]]);
      await locks.release("pool", a!.token);
      expect(await asks[2]).toMatchObject({ acquired: true });
    });

    test("of many holders and waiters an answer names a hundred each and counts all", async () => {
      const asks = Array.from({ length: 103 }, (_, n) => locks.acquire("many", { permits: 200, holder: `h${n}` }));
      expect((await Promise.all(asks)).every(({ acquired }) => acquired)).toBe(true);
      const many = await locks.get("many");
      expect([many.holders.length, many.held, many.permits]).toEqual([100, 103, 200]);
      const tokens = many.holders.map(({ token }) => Number(token));
      expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
      const [listed] = (await locks.list({ prefix: "many" })).locks;
      expect([listed?.holders.length, listed?.held]).toEqual([100, 103]);
      expect((await locks.get("nobody")).held).toBe(0);
      expect((await locks.force("many")).lock?.held).toBe(0);
    });

    test("an operator takes a lock away, from one holder or from all", async () => {
      const token = tokenOf(await locks.acquire("l", { ttl: 3_600, holder: "stuck" }));
      const next = locks.acquire("l", { wait: 60 });
      await until("it to wait", async () => (await locks.get("l")).waiting === 1);
      expect(await locks.force("l")).toMatchObject({ released: [{ token, holder: "stuck" }] });
      const second = tokenOf(await next);
      await expect(locks.force("l", token)).rejects.toMatchObject({ reason: "LOCK_NOT_HELD" });
      expect((await locks.force("l", second)).lock?.holders).toEqual([]);
      expect((await locks.force("l")).released).toEqual([]);
    });

    test("locks are listed by name in pages", async () => {
      const names = Array.from({ length: 12 }, (_, n) => `job-${String(n).padStart(2, "0")}`);
      await Promise.all([...names, "other"].map((one) => locks.acquire(one)));
      const first = await locks.list({ prefix: "job-", limit: 5 });
      const second = await locks.list({ prefix: "job-", limit: 5, cursor: first.nextCursor });
      const third = await locks.list({ prefix: "job-", limit: 5, cursor: second.nextCursor });
      expect([first, second, third].flatMap((page) => page.locks.map((lock) => lock.name))).toEqual(names);
      expect(third.nextCursor).toBe("");
      expect((await locks.list()).locks).toHaveLength(13);
    });

    test("what cannot be asked for is refused in one sentence, and nothing is held", async () => {
      const bad: [string, Ask][] = [
        ["ttl must be from 1s to 1d (it is 0s).", { ttl: 0 }],
        ["ttl must be from 1s to 1d (it is -5s).", { ttl: -5 }],
        ["ttl must be from 1s to 1d (it is 365d).", { ttl: 31_536_000 }],
        ["ttl must be from 1s to 1d (it is 86401s).", { ttl: 86_401 }],
        ["wait must be from 0s to 10m (it is 601s).", { wait: 601 }],
        ["wait must be from 0s to 10m (it is -1s).", { wait: -1 }],
        ["permits must be from 1 to 10000 (it is 10001).", { permits: 10_001 }],
        ["holder must have at most 200 characters (it has 201).", { holder: "x".repeat(201) }],
      ];
      for (const [message, ask] of bad)
        await expect(locks.acquire("l", ask)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message });
      expect((await locks.list()).locks).toEqual([]);
    });

    test("a name is of the characters that names are of", async () => {
      for (const bad of ["", "Deploy", "-x", "a b", "x".repeat(64)])
        await expect(locks.acquire(bad)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      for (const ttl of [1, 86_400]) expect(await locks.acquire(`${"x".repeat(62)}${ttl % 7}`, { ttl })).toBeTruthy();
    });

    test("another owner goes on with what is held and with the line in its order; tokens rise", async () => {
      const held = tokenOf(await locks.acquire("l", { requestId: "held", ttl: 3_600 }));
      const free = tokenOf(await locks.acquire("free"));
      await locks.release("free", free);
      const waiting = ["b", "a", "c"].map((holder) =>
        locks.acquire("l", { wait: 60, requestId: holder, holder }).catch((error: unknown) => error),
      );
      await until("all to wait", async () => (await locks.get("l")).waiting === 3);
      await locks.renew("l", held, 1_800);
      const after = lockUser(await start());
      for (const call of [locks.renew("l", held), locks.acquire("new")])
        await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE" });
      for (const call of waiting) expect(await call).toMatchObject({ code: "UNAVAILABLE" });
      expect(await after.get("l")).toMatchObject({ holders: [{ token: held, ttl: { seconds: 1_800n } }], waiting: 3 });
      // They come back in another order than they stood in.
      const again = ["c", "b", "a"].map((holder) => after.acquire("l", { wait: 60, requestId: holder, holder }));
      await after.release("l", held);
      let newest = tokenOf(await again[1]!);
      expect(newest > held).toBe(true);
      for (const next of [again[2]!, again[0]!]) {
        await after.release("l", newest);
        const token = tokenOf(await next);
        expect(token > newest).toBe(true);
        newest = token;
      }
      expect(tokenOf(await after.acquire("free")) > free).toBe(true);
    });

    test("who does not come back to its place in line loses it", async () => {
      const held = tokenOf(await locks.acquire("l", { ttl: 3_600 }));
      const gone = locks.acquire("l", { wait: 60 }).catch(() => {});
      await until("it to wait", async () => (await locks.get("l")).waiting === 1);
      const after = lockUser(await start());
      await gone;
      await until("it to be forgotten", async () => (await after.get("l")).waiting === 0);
      expect(await shapeOf(after, "l")).toEqual([[held], []]);
    });

    test("a lock taken after the last checkpoint is found, though its segment has been closed since", async () => {
      let isHeldUp = false;
      const heldUp = (store: Store): Store => ({
        ...store,
        recovery: {
          ...store.recovery,
          async writeCheckpoints(checkpoints) {
            if (isHeldUp) throw new Error("no checkpoint now");
            await store.recovery.writeCheckpoints(checkpoints);
          },
        },
      });
      const house = await start({ checkpointMs: 20, segmentRows: 100, janitorMs: 20 }, async () =>
        heldUp(await openAgain()),
      );
      const before = lockUser(house);
      await before.release("l", tokenOf(await before.acquire("l")));
      const { state } = house.engine;
      await until("a checkpoint of the free lock", () => [...state.shards].every(({ dirty }) => !dirty));
      await state.checkpointing;
      isHeldUp = true;
      const { seg } = state.segments.open;
      const token = tokenOf(await before.acquire("l", { ttl: 3_600 }));
      await until("a new segment", async () => {
        await before.renew("l", token);
        return state.segments.open.seg !== seg;
      });
      const after = lockUser(await start());
      expect(await shapeOf(after, "l")).toEqual([[token], []]);
      expect(await after.acquire("l")).toMatchObject({ acquired: false });
    });

    test("segments with nothing but locks are given back, and what is held outlives them", async () => {
      const house = await start({ checkpointMs: 20, segmentRows: 20, janitorMs: 20, retentionMs: 1_000 });
      const user = lockUser(house);
      const token = tokenOf(await user.acquire("l", { ttl: 3_600 }));
      const first = house.engine.state.segments.newestFirst;
      await until("every one of them to be gone", async () => {
        await Promise.all(Array.from({ length: 10 }, () => user.renew("l", token)));
        const now = house.engine.state.segments;
        return first.slice(0, -1).every((seg) => now.sealedBefore(Date.now()).every((one) => one.seg !== seg));
      });
      await until("few to be left", () => house.engine.state.segments.newestFirst.length < 6);
      expect(await shapeOf(lockUser(await start()), "l")).toEqual([[token], []]);
    });
  });
}
