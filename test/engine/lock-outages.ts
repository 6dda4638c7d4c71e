import { durationMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { StoreUnavailableError } from "../../coordinator/ports/store-errors.ts";
import { heldStore } from "../support/held-store.ts";
import { type LockUser, lockUser, shapeOf, tokenOf } from "../support/lock-user.ts";
import { until } from "../support/until.ts";
import { type OpenFresh, useLockHouses } from "./lock-houses.ts";

/** Locks whose database is slow or away: every store must show the same. */
export function locksInOutages(name: string, openFresh: OpenFresh): void {
  describe(`locks in outages of ${name}`, () => {
    const { openAgain, start } = useLockHouses(openFresh);

    test("while the database is away nothing changes hands, and no lock ends for it", async () => {
      let isAway = false;
      const store = await openAgain();
      const house = await start({}, async () => ({
        ...store,
        flush: (batch) => (isAway ? Promise.reject(new StoreUnavailableError("away", false)) : store.flush(batch)),
      }));
      const user = lockUser(house);
      const token = tokenOf(await user.acquire("l", { ttl: 3 }));
      isAway = true;
      const other = user.acquire("other");
      await until("it to be noticed", () => house.engine.state.storeProblem !== null);
      for (const call of [user.renew("l", token), user.acquire("l", { wait: 60 })])
        await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "STORE_UNAVAILABLE" });
      const { now } = house.engine.state.lockClock;
      const stood = now.call(house.engine.state.lockClock);
      // Longer than the lock's term.
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      expect(house.engine.state.lockClock.now()).toBe(stood);
      isAway = false;
      expect(await other).toMatchObject({ acquired: true });
      await user.renew("l", token);
      expect(await shapeOf(user, "l")).toEqual([[token], []]);
    });

    test("a commit that takes longer than the term costs the holder nothing: neither the grant nor a renewal", async () => {
      const store = heldStore(await openAgain());
      const house = await start({}, async () => store);
      const user = lockUser(house);
      const late = async <T>(call: () => Promise<T>): Promise<T> => {
        const flush = store.hold("before", "flush");
        const answer = call();
        await flush.reached;
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        flush.release();
        return answer;
      };
      const { token, expiresIn } = await late(() => user.acquire("l", { ttl: 1 }));
      expect(durationMs(expiresIn!)).toBeGreaterThan(500);
      expect(durationMs((await late(() => user.renew("l", token, 1))).expiresIn!)).toBeGreaterThan(500);
      await late(() => user.renew("l", token, 3_600));
      expect(await shapeOf(user, "l")).toEqual([[token], []]);
    });

    test("an outage ends no wait in line; whose grant cannot be committed is told, and has it when it asks again", async () => {
      const store = heldStore(await openAgain());
      const house = await start({ awayPatienceMs: 100 }, async () => store);
      const user = lockUser(house);
      const token = tokenOf(await user.acquire("l", { ttl: 3_600 }));
      const waits = user.acquire("l", { wait: 600 });
      await until("it to wait", async () => (await user.get("l")).waiting === 1);
      // The wait in line is committed with this.
      await user.renew("l", token);
      const flush = store.hold("before", "flush");
      const told = user.acquire("other", { ttl: 3_600, requestId: "told" });
      await flush.reached;
      const again = { ttl: 3_600, requestId: "told" };
      for (const call of [told, until("refusals", () => isRefused(user)).then(() => user.acquire("other", again))])
        await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "STORE_IN_DOUBT" });
      const stood = house.engine.state.lockClock.now();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(house.engine.state.lockClock.now()).toBe(stood);
      flush.release();
      await until("the commit", () => house.engine.state.flushBegan === 0);
      expect(await user.acquire("other", again)).toMatchObject({ acquired: true });
      expect(await shapeOf(user, "l")).toEqual([[token], [""]]);
      await user.release("l", token);
      expect(tokenOf(await waits) > token).toBe(true);
    });
  });
}

async function isRefused(user: LockUser): Promise<boolean> {
  return user.release("nobody-has-it", 1n).then(
    () => false,
    ({ code }) => code === "UNAVAILABLE",
  );
}
