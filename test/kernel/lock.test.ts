import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  decideLock,
  freeLock,
  isFree,
  type Lock,
  type LockAsk,
  type LockCommand,
  type LockDecision,
} from "../../coordinator/kernel/lock.ts";
import { type LockRow, lockRow, replayLocks, rowsOfLock } from "../../coordinator/kernel/lock-rows.ts";

const ask = (n: number, ttlMs = 10_000): LockAsk => ({
  keyId: "key",
  requestId: `r${n}`,
  holder: `h${n}`,
  ttlMs,
  since: n,
});

/** A lock with a clock, tokens and everything that happened to it. */
class Bench {
  lock: Lock = freeLock("l");
  now = 1_000;
  #token = 0;
  readonly rows: LockRow[] = [];

  do(command: LockCommand): LockDecision {
    const decision = decideLock(this.lock, command, this.now, this.now + 5, () => ++this.#token);
    this.lock = decision.lock;
    this.rows.push(...decision.events.map((event) => lockRow("l", event)));
    return decision;
  }

  acquire(n: number, { permits = 1, wait = true, ttlMs = 10_000 } = {}) {
    return this.do({ kind: "acquire", ask: ask(n, ttlMs), permits, wait }).answer;
  }

  get tokens(): number[] {
    return this.lock.holders.map(({ token }) => token);
  }

  get line(): string[] {
    return this.lock.waiters.map(({ requestId }) => requestId);
  }
}

describe("a lock", () => {
  test("is given to the first who asks; who would wait stands in line, who would not is told", () => {
    const bench = new Bench();
    expect(bench.acquire(1)).toMatchObject({ answer: "held", holder: { token: 1, until: 11_000 }, again: false });
    expect(bench.acquire(2)).toEqual({ answer: "queued" });
    expect(bench.acquire(3, { wait: false })).toEqual({ answer: "busy" });
    expect(bench.line).toEqual(["r2"]);
  });

  test("goes to the next in line when it is released, and to nobody by another's token", () => {
    const bench = new Bench();
    for (const n of [1, 2, 3]) bench.acquire(n);
    for (const token of [0, 2, 99])
      expect(bench.do({ kind: "release", token })).toMatchObject({ answer: { answer: "not held" }, events: [] });
    bench.do({ kind: "release", token: 1 });
    expect([bench.tokens, bench.line]).toEqual([[2], ["r3"]]);
    expect(bench.do({ kind: "renew", token: 1, ttlMs: 0 }).answer).toEqual({ answer: "not held" });
  });

  test("asked for again by the same request it is the same grant, or the same place in line", () => {
    const bench = new Bench();
    for (const n of [1, 2, 3]) bench.acquire(n);
    bench.now += 500;
    expect(bench.acquire(1)).toMatchObject({ answer: "held", holder: { token: 1, until: 11_500 }, again: true });
    bench.acquire(2);
    expect(bench.line).toEqual(["r2", "r3"]);
    expect(bench.acquire(2, { wait: false })).toEqual({ answer: "busy" });
    expect(bench.line).toEqual(["r3"]);
    // Another key's request of the same id is another request.
    const other = { ...ask(1), keyId: "other" };
    expect(bench.do({ kind: "acquire", ask: other, permits: 1, wait: false }).answer).toEqual({ answer: "busy" });
  });

  test("ends at its time and not before; a renewal moves it, with another ttl if asked", () => {
    const bench = new Bench();
    bench.acquire(1);
    bench.acquire(2);
    bench.now = 10_999;
    expect(bench.do({ kind: "expire", heard: new Set() }).events).toEqual([]);
    bench.do({ kind: "renew", token: 1, ttlMs: 0 });
    bench.now = 20_998;
    expect(bench.do({ kind: "expire", heard: new Set() }).events).toEqual([]);
    bench.do({ kind: "renew", token: 1, ttlMs: 1_000 });
    bench.now += 1_000;
    expect(bench.do({ kind: "expire", heard: new Set() }).events.map(({ kind }) => kind)).toEqual(["ended", "granted"]);
    expect(bench.tokens).toEqual([2]);
  });

  test("with several permits it is held by as many, and by no other number of them while it is used", () => {
    const bench = new Bench();
    for (const n of [1, 2]) expect(bench.acquire(n, { permits: 2 })).toMatchObject({ answer: "held" });
    expect(bench.acquire(3, { permits: 2 })).toEqual({ answer: "queued" });
    expect(bench.acquire(4)).toEqual({ answer: "permits" });
    bench.do({ kind: "force", token: 0 });
    expect(bench.tokens).toEqual([3]);
    expect(bench.acquire(5, { permits: 2 })).toMatchObject({ answer: "held", holder: { token: 4 } });
    bench.do({ kind: "force", token: 3 });
    bench.do({ kind: "release", token: 4 });
    expect(isFree(bench.lock)).toBe(true);
    expect(bench.acquire(6)).toMatchObject({ answer: "held", holder: { token: 5 } });
  });

  test("given to nobody it ends soon, unless its request comes again", () => {
    const bench = new Bench();
    bench.acquire(1);
    bench.do({ kind: "abandon", token: 1, graceMs: 2_000 });
    expect(bench.lock.holders[0]?.until).toBe(3_000);
    bench.acquire(1);
    expect(bench.lock.holders[0]?.until).toBe(11_000);
  });

  test("begins its term anew when its holder is told of it, and never ends sooner for that", () => {
    const bench = new Bench();
    bench.acquire(1);
    bench.now = 12_000;
    expect(bench.do({ kind: "expire", heard: new Set([1]) }).events).toEqual([]);
    expect(bench.do({ kind: "told", token: 1 })).toMatchObject({ events: [], answer: { holder: { until: 22_000 } } });
    bench.now = 3_000;
    bench.do({ kind: "told", token: 1 });
    expect(bench.lock.holders[0]?.until).toBe(22_000);
    expect(bench.do({ kind: "told", token: 2 }).answer).toEqual({ answer: "not held" });
  });

  test("taken up by another owner its holders have a whole term, and its line its order", () => {
    const bench = new Bench();
    for (const n of [1, 2, 3]) bench.acquire(n);
    const locks = new Map<string, Lock>();
    replayLocks(locks, JSON.parse(JSON.stringify(bench.rows)));
    bench.lock = locks.get("l")!;
    bench.now = 50_000;
    expect(bench.do({ kind: "expire", heard: new Set() }).events).toEqual([]);
    bench.do({ kind: "resume" });
    expect(bench.lock.holders.map(({ token, until }) => [token, until])).toEqual([[1, 60_000]]);
    expect(bench.line).toEqual(["r2", "r3"]);
  });
});

const commands = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("acquire" as const),
      who: fc.nat(7),
      wait: fc.boolean(),
      ttl: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({ do: fc.constantFrom("release", "renew", "force", "abandon", "told"), token: fc.nat(40) }),
    fc.record({ do: fc.constant("leave" as const), who: fc.nat(7) }),
    fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
  ),
  { maxLength: 60 },
);

function carryOut(bench: Bench, step: Record<string, unknown>, permits: number): LockDecision | null {
  const token = step["token"] as number;
  switch (step["do"]) {
    case "acquire":
      return bench.do({
        kind: "acquire",
        ask: ask(step["who"] as number, (step["ttl"] as number) * 1_000),
        permits,
        wait: step["wait"] as boolean,
      });
    case "release":
      return bench.do({ kind: "release", token });
    case "renew":
      return bench.do({ kind: "renew", token, ttlMs: 0 });
    case "force":
      return bench.do({ kind: "force", token });
    case "told":
      return bench.do({ kind: "told", token });
    case "abandon":
      return bench.do({ kind: "abandon", token, graceMs: 2_000 });
    case "leave":
      return bench.do({ kind: "leave", ask: ask(step["who"] as number) });
    default:
      bench.now += step["ms"] as number;
      return bench.do({ kind: "expire", heard: new Set() });
  }
}

describe("whatever comes", () => {
  test("holders never exceed permits, nobody waits beside a free permit, tokens rise, and the line is first come first served", () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 3 }), (steps, permits) => {
        const bench = new Bench();
        /** What the line must be: the model keeps nothing but who came when. */
        let line: string[] = [];
        let newest = 0;
        for (const step of steps) {
          const before = bench.lock;
          const decision = carryOut(bench, step, permits);
          for (const event of decision?.events ?? []) {
            if (event.kind === "queued") line.push(event.ask.requestId);
            if (event.kind === "left") line = line.filter((id) => id !== event.ask.requestId);
            if (event.kind !== "granted") continue;
            expect(event.holder.token).toBeGreaterThan(newest);
            newest = event.holder.token;
            // A grant goes to the first of the line, or to one who came when there was no line.
            expect(line[0] ?? event.holder.requestId).toBe(event.holder.requestId);
            line.shift();
          }
          const { holders, waiters } = bench.lock;
          expect(holders.length).toBeLessThanOrEqual(permits);
          if (waiters.length > 0) expect(holders.length).toBe(permits);
          expect(bench.line).toEqual(line);
          expect(new Set(bench.tokens).size).toBe(holders.length);
          const asks = [...holders, ...waiters].map(({ requestId }) => requestId);
          expect(new Set(asks).size).toBe(asks.length);
          // Who is a holder no more was released, forced or late.
          for (const gone of before.holders.filter(({ token }) => !bench.tokens.includes(token)))
            expect(step.do === "pass" ? gone.until <= bench.now : ["release", "force"].includes(step.do)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("the rows make the lock again, from any checkpoint among them, even one that is ahead of what they tell", () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 3 }), fc.nat(60), fc.nat(60), (steps, permits, taken, told) => {
        const bench = new Bench();
        let checkpoint: LockRow[] = [];
        let from = 0;
        for (const [at, step] of steps.entries()) {
          // Rows told after a checkpoint was taken may be older than it: they were decided and not yet committed.
          if (at === Math.min(taken, told)) from = bench.rows.length;
          if (at === Math.max(taken, told)) checkpoint = rowsOfLock(bench.lock);
          carryOut(bench, step, permits);
        }
        if (steps.length <= Math.max(taken, told)) [checkpoint, from] = [[], 0];
        const locks = new Map<string, Lock>();
        replayLocks(locks, JSON.parse(JSON.stringify(checkpoint)));
        replayLocks(locks, JSON.parse(JSON.stringify(bench.rows.slice(from))));
        const again = locks.get("l") ?? freeLock("l");
        const shape = ({ permits: p, holders, waiters }: Lock) => ({
          p: holders.length === 0 ? 1 : p,
          holders: holders.map(({ until: _, ...holder }) => holder).sort((a, b) => a.token - b.token),
          waiters,
        });
        expect(shape(again)).toEqual(shape(bench.lock));
      }),
      { numRuns: 500 },
    );
  });
});
