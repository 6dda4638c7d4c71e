import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { openRedisLeases } from "../../coordinator/plugins/leases-redis/open-leases.ts";
import type { Leases } from "../../coordinator/ports/leases.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { findFolder } from "../support/binaries.ts";
import { freePort } from "../support/free-port.ts";
import { startOldRedis } from "../support/old-redis.ts";
import type { TestServer } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";

/** Long enough that a machine that does something else for a while does not let a lease run out. */
const TERM_MS = 2_000;

const servers: TestServer[] = [];
const opened: Leases[] = [];
let urls: string[] = [];
let system = 0;
beforeAll(async () => {
  const folder = findFolder(["redis-server"])!;
  for (let count = 0; count < 3; count++) servers.push(await startRedis(folder));
  urls = servers.map(({ url }) => url);
});
afterEach(async () => {
  for (const leases of opened.splice(0)) await leases.close();
});
afterAll(async () => {
  for (const server of servers) await server.process.stop();
});

async function open(over: readonly string[], prefix = `tss:${++system}:`, database = "1/1"): Promise<Leases> {
  const leases = await openRedisLeases({ urls: over, prefix, database, ttlMs: TERM_MS, logger: silentLogger });
  opened.push(leases);
  return leases;
}

async function command(url: string, ...words: [string, ...string[]]): Promise<unknown> {
  const redis = new Redis(url);
  try {
    return await redis.call(...words);
  } finally {
    redis.disconnect();
  }
}

describe("leases on Redis", () => {
  test("are seen by others while they are held, beyond their term, and free once let go", async () => {
    const [a, b] = [await open([urls[0]!], "tss:x:"), await open([urls[0]!], "tss:x:")];
    await a.hold("coordinator:1");
    expect(await b.held(["coordinator:1", "coordinator:2"])).toEqual(new Set(["coordinator:1"]));
    // Renewed: with three terms gone it is still there.
    const since = performance.now();
    await until("three terms to pass", () => performance.now() - since > 3 * TERM_MS);
    expect(await b.held(["coordinator:1"])).toEqual(new Set(["coordinator:1"]));
    await a.letGo("coordinator:1");
    expect(await b.held(["coordinator:1"])).toEqual(new Set());
  });

  test("stand for no longer than their term, and under the prefix of their system", async () => {
    const [a, b] = [await open([urls[0]!], "tss:y:"), await open([urls[0]!], "tss:y:")];
    await a.hold("coordinator:1");
    const keys = (await command(urls[0]!, "KEYS", "tss:y:c*")) as string[];
    expect(keys).toEqual(["tss:y:coordinator:1"]);
    expect(Number(await command(urls[0]!, "PTTL", keys[0]!))).toBeLessThanOrEqual(TERM_MS);
    expect(await b.held(["coordinator:1"])).toEqual(new Set(["coordinator:1"]));
  });

  test("come back by themselves after the server was emptied", async () => {
    const leases = await open([urls[0]!]);
    await leases.hold("coordinator:1");
    await command(urls[0]!, "FLUSHALL");
    expect((await leases.held(["coordinator:1"]))?.size).toBe(0);
    await until("the lease to be back", async () => (await leases.held(["coordinator:1"]))?.size === 1);
  });

  test("of two systems on one server do not meet", async () => {
    const [a, b] = [await open([urls[0]!]), await open([urls[0]!])];
    await a.hold("coordinator:1");
    expect(await b.held(["coordinator:1"])).toEqual(new Set());
  });

  test("of a copy of a database are refused beside those of the first, and taken once that has ended", async () => {
    const [url] = urls as [string];
    await open([urls[1]!, url], "tss:copied:", "1/1");
    await expect(open([url], "tss:copied:", "2/1")).rejects.toThrow(
      /^Redis at 127\.0\.0\.1:\d+ is used by another system whose database is a copy of this one: .*redis:\/\/HOST:PORT\/1/,
    );
    await open([url], "tss:copied:", "1/1");
    await open([`${url}/1`], "tss:copied:", "2/1");
    const left = Number(await command(url, "PTTL", "tss:copied:database"));
    expect(left > 0 && left <= 60_000).toBe(true);
    await command(url, "DEL", "tss:copied:database");
    await open([url], "tss:copied:", "2/1");
  });

  test("hold with most of three servers, cannot be known without, and hold again when they are back", async () => {
    const folder = findFolder(["redis-server"])!;
    const doomed = await startRedis(folder);
    const leases = await open([urls[0]!, urls[1]!, doomed.url]);
    await leases.hold("coordinator:1");
    await doomed.process.stop();
    await until("the lease to be held by two", async () => (await leases.held(["coordinator:1"]))?.size === 1);
    const alone = await startRedis(folder);
    const single = await open([alone.url]);
    await single.hold("coordinator:1");
    await alone.process.stop();
    expect(await single.held(["coordinator:1"])).toBeNull();
  });

  test("wake whoever listens", async () => {
    const [a, b] = [await open([urls[0]!], "tss:z:"), await open([urls[0]!], "tss:z:")];
    let woken = 0;
    const stop = b.onWake("members", () => woken++);
    await until("a wake to come through", () => {
      a.wake("members");
      a.wake("other");
      return woken > 0;
    });
    stop();
  });

  test("refuse a server that cannot be used, with what to do", async () => {
    const refusal = async (url: string) => (await open([url]).catch((error: Error) => error)) as Error;
    const closed = `redis://127.0.0.1:${await freePort()}`;
    expect((await refusal(closed)).message).toMatch(/^Redis at 127\.0\.0\.1:\d+ does not answer: check host and port/);
    await command(urls[1]!, "CONFIG", "SET", "requirepass", "geheim");
    expect((await refusal(urls[1]!)).message).toMatch(
      /does not accept the password: write it into the address as redis:/,
    );
    const withPassword = urls[1]!.replace("redis://", "redis://:geheim@");
    expect(await (await open([withPassword])).held(["x"])).toEqual(new Set());
    await command(withPassword, "CONFIG", "SET", "requirepass", "");
    await command(urls[1]!, "CONFIG", "SET", "maxmemory", "100mb");
    await command(urls[1]!, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    expect((await refusal(urls[1]!)).message).toMatch(
      /evicts keys when its memory is full \(maxmemory-policy allkeys-lru\): set it to noeviction/,
    );
    await command(urls[1]!, "CONFIG", "SET", "maxmemory-policy", "noeviction");
    const { hostname, port } = new URL(urls[0]!);
    await command(urls[2]!, "REPLICAOF", hostname, port);
    expect((await refusal(urls[2]!)).message).toMatch(
      /is a replica of 127\.0\.0\.1:\d+: name the primary \(TSS_REDIS_URL\)/,
    );
    await command(urls[2]!, "REPLICAOF", "NO", "ONE");
    const old = await startOldRedis();
    expect((await refusal(old.url)).message).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ is version 6\.2\.14 and TSS needs 7 or newer \(TSS_REDIS_URL\)\.$/,
    );
    await old.close();
  });
});
