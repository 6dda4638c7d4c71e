import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { createClient } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import { type Node, ownedBy, startCluster } from "./cluster-house.ts";

const locksOf = ({ connection }: Node) => connection.service(LockService);
const names = Array.from({ length: 24 }, (_, at) => `lock-${String(at).padStart(2, "0")}`);

test("any coordinator answers for every lock, and lists them all", async () => {
  const { nodes } = await startCluster(2);
  const [a, b] = nodes.map(locksOf) as [ReturnType<typeof locksOf>, ReturnType<typeof locksOf>];
  const tokens = new Map<string, bigint>();
  for (const name of names) tokens.set(name, (await a.acquireLock({ name, holder: "of a" })).token);
  for (const name of names) {
    expect(await b.acquireLock({ name })).toMatchObject({ acquired: false, lock: { holders: [{ holder: "of a" }] } });
    expect((await b.getLock({ name })).lock?.holders[0]?.token).toBe(tokens.get(name));
  }
  for (const locks of [a, b]) {
    const first = await locks.listLocks({ limit: 20 });
    const second = await locks.listLocks({ limit: 20, cursor: first.nextCursor });
    expect([first, second].flatMap((page) => page.locks.map(({ name }) => name))).toEqual(names);
    expect(second.nextCursor).toBe("");
  }
  const waiting = names.map((name) => b.acquireLock({ name, wait: durationFromMs(60_000) }, { timeoutMs: 90_000 }));
  await until("all to wait", async () => (await a.listLocks({})).locks.every((lock) => lock.waiting === 1));
  for (const name of names) await a.renewLock({ name, token: tokens.get(name)! });
  for (const name of names)
    expect(await b.releaseLock({ name, token: tokens.get(name)! })).toMatchObject({ changed: true });
  for (const [at, call] of waiting.entries()) {
    const { acquired, token } = await call;
    expect([acquired, token > tokens.get(names[at]!)!]).toEqual([true, true]);
  }
  await expect(a.acquireLock({ name: "x", wait: durationFromMs(-1) })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
  });
  await expect(b.releaseLock({ name: names[0]!, token: 1n })).rejects.toMatchObject({ reason: "LOCK_NOT_HELD" });
});

test("locks and their lines outlive their coordinator, in good order or killed, and an emptied Redis; tokens rise", async () => {
  const { nodes } = await startCluster(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  const locks = locksOf(c);
  const ttl = durationFromMs(3_600_000);
  const held = new Map<string, bigint>();
  for (const name of names) held.set(name, (await locks.acquireLock({ name, ttl })).token);
  // Two stand in line for each, one after the other.
  const order: string[] = [];
  const lines: Promise<unknown>[] = [];
  for (const turn of [1, 2]) {
    for (const name of names)
      lines.push(
        locks
          .acquireLock({ name, ttl, wait: durationFromMs(300_000), holder: `${turn}` }, { timeoutMs: 320_000 })
          .then(async ({ acquired, token }) => {
            expect([acquired, token > held.get(name)!]).toEqual([true, true]);
            held.set(name, token);
            order.push(`${name} ${turn}`);
            await locks.releaseLock({ name, token });
          }),
      );
    await until("them to wait", async () => (await locks.listLocks({})).locks.every((lock) => lock.waiting === turn));
  }
  await a.process.stop("SIGTERM");
  await until("two to own everything", async () => (await ownedBy(b)) + (await ownedBy(c)) === 64);
  const redis = new Redis(process.env["TSS_TEST_REDIS_URL"]!);
  await redis.flushall();
  redis.disconnect();
  b.process.stop("SIGKILL");
  await until("one to own everything", async () => (await ownedBy(c)) === 64, 60_000);
  for (const name of names) {
    const { holders, waiting } = (await locks.getLock({ name })).lock!;
    expect([name, holders.map(({ token }) => token)]).toEqual([name, [held.get(name)]]);
    expect(waiting).toBe(2);
  }
  await until("the lines to be back", async () => {
    const all = await Promise.all(names.map((name) => locks.getLock({ name })));
    return all.every(({ lock }) => lock?.waiting === 2);
  });
  for (const [name, token] of [...held]) await locks.releaseLock({ name, token });
  await Promise.all(lines);
  for (const name of names) expect(order.filter((one) => one.startsWith(name))).toEqual([`${name} 1`, `${name} 2`]);
}, 180_000);

test("withLock goes on through the death of the coordinator that it speaks to", async () => {
  const { nodes, key } = await startCluster(2);
  const [a, b] = nodes as [Node, Node];
  const client = createClient({ address: nodes.map(({ process: { address } }) => address).join(","), apiKey: key });
  let inside = 0;
  const tokens: number[] = [];
  const work = Array.from({ length: 40 }, (_, at) =>
    client.withLock("one", { ttlMs: 30_000 }, async ({ token, signal }) => {
      expect(++inside).toBe(1);
      tokens.push(token);
      if (at === 5) a.process.stop("SIGKILL");
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      inside--;
    }),
  );
  await Promise.all(work);
  expect(tokens).toEqual([...new Set(tokens)].sort((x, y) => x - y));
  await until("the other to own everything", async () => (await ownedBy(b)) === 64, 60_000);
  await client.close();
});
