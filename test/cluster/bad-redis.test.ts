import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { findFolder } from "../support/binaries.ts";
import { type EndedEarly, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { startOldRedis } from "../support/old-redis.ts";
import type { TestServer } from "../support/postgres-server.ts";
import { startRedis } from "../support/redis-server.ts";
import { runTss, temporaryFolder } from "../support/run-tss.ts";

/** What an operator is told about a Redis that will not do: by the coordinator that does not start, and by `tss doctor`. */

let redis: TestServer;
let primary: TestServer;
let database = "";
beforeAll(async () => {
  const folder = findFolder(["redis-server"])!;
  [redis, primary, database] = await Promise.all([startRedis(folder), startRedis(folder), freshDatabase()]);
});
afterAll(async () => {
  await Promise.all([redis.process.stop(), primary.process.stop()]);
});

async function set(...words: [string, ...string[]]): Promise<void> {
  const client = new Redis(redis.url);
  await client.call(...words);
  client.disconnect();
}

async function refusalOf(url: string): Promise<{ how: unknown; said: string }> {
  const settings = { TSS_DATABASE_URL: database, TSS_REDIS_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" };
  const started = startCoordinatorProcess(settings);
  const error = (await started.then(
    (coordinator) => coordinator.stop("SIGTERM").then(() => undefined),
    (failure) => failure,
  )) as EndedEarly | undefined;
  const said = error?.message ?? "";
  return { how: error?.how, said: said.slice(said.indexOf(": ") + (said === "" ? 1 : 2)) };
}

async function doctorOn(url: string) {
  const { stdout } = await runTss(["doctor", "--json"], {
    env: { TSS_REDIS_URL: url, TSS_DATABASE_URL: database },
    cwd: temporaryFolder(),
  });
  const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; message: string }[] };
  return findings.find(({ check }) => check === "redis");
}

/** One sentence, with the server it is about, what to do, and the name of the setting. */
async function expectRefusal(url: string, sentence: RegExp): Promise<void> {
  const { how, said } = await refusalOf(url);
  expect(said).toMatch(new RegExp(`^tss-coordinator: Redis at ${sentence.source} \\(TSS_REDIS_URL\\)\\.\\n$`));
  expect(how).toBe(1);
  const finding = await doctorOn(url);
  expect(finding).toMatchObject({ state: "fail", message: said.replace("tss-coordinator: ", "").trim() });
}

test("a Redis that is not there, wants a password, evicts, or is a replica", async () => {
  await expectRefusal(
    `redis://127.0.0.1:${await freePort()}`,
    /127\.0\.0\.1:\d+ does not answer: check host and port, and that it runs/,
  );
  await set("CONFIG", "SET", "requirepass", "geheim");
  const password =
    /127\.0\.0\.1:\d+ does not accept the password: write it into the address as redis:\/\/:PASSWORD@HOST:PORT/;
  await expectRefusal(redis.url, password);
  const wrong = redis.url.replace("redis://", "redis://:falsch@");
  await expectRefusal(wrong, password);
  expect((await refusalOf(wrong)).said).not.toContain("falsch");
  const right = new Redis(redis.url.replace("redis://", "redis://:geheim@"));
  await right.call("CONFIG", "SET", "requirepass", "");
  right.disconnect();
  await set("CONFIG", "SET", "maxmemory", "100mb");
  await set("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await expectRefusal(
    redis.url,
    /127\.0\.0\.1:\d+ evicts keys when its memory is full \(maxmemory-policy allkeys-lru\): set it to noeviction/,
  );
  await set("CONFIG", "SET", "maxmemory-policy", "noeviction");
  const { hostname, port } = new URL(primary.url);
  await set("REPLICAOF", hostname, port);
  await expectRefusal(redis.url, /127\.0\.0\.1:\d+ is a replica of 127\.0\.0\.1:\d+: name the primary/);
  await set("REPLICAOF", "NO", "ONE");
  expect(await doctorOn(redis.url)).toMatchObject({ state: "ok", message: expect.stringContaining("can be used") });
  expect(await refusalOf(redis.url)).toEqual({ how: undefined, said: "" });
});

test("a Redis that is too old", async () => {
  const old = await startOldRedis();
  await expectRefusal(old.url, /127\.0\.0\.1:\d+ is version 6\.2\.14 and TSS needs 7 or newer/);
  await old.close();
}, 180_000);

test("an address that is none is a setting that cannot be used, and shows no password", async () => {
  for (const url of [
    "localhost:6379",
    "redis://",
    "http://127.0.0.1",
    "redis://:geheim@127.0.0.1/tss",
    "redis://a:1,b",
  ]) {
    const { how, said } = await refusalOf(url);
    expect(how).toBe(78);
    expect(said).toMatch(
      /^tss-coordinator: Settings cannot be used:\n {2}TSS_REDIS_URL must be redis:\/\/HOST:PORT, .*\(it is "…"\)\n$/,
    );
    expect(said).not.toContain("geheim");
  }
}, 180_000);
