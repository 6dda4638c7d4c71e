import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { KeyRing } from "../../coordinator/operations/key-ring.ts";
import type { TssError } from "../../proto/errors.ts";
import { Role } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { silentLogger } from "../../runtime/logger.ts";
import { MemoryKeys, testKey } from "../support/memory-keys.ts";

const rings: KeyRing[] = [];
// One clock for the keys and for the ring that reads them.
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "queueMicrotask"] });
});
afterEach(async () => {
  jest.useRealTimers();
  for (const ring of rings.splice(0)) await ring.stop();
});

async function started(catalog: MemoryKeys): Promise<KeyRing> {
  const ring = new KeyRing({ catalog, clock: { now: Date.now, monotonic: () => 0 }, logger: silentLogger });
  rings.push(ring);
  await ring.start();
  return ring;
}

function refused(ring: KeyRing, key: string | undefined): TssError {
  try {
    ring.verify(key);
  } catch (error) {
    return error as TssError;
  }
  throw new Error("the key was accepted");
}

test("a good key gives its id and role", async () => {
  const catalog = new MemoryKeys();
  const { key, row } = testKey(Role.SUBMITTER);
  await catalog.insertApiKey(row);
  expect((await started(catalog)).verify(key)).toEqual({ keyId: row.id, role: Role.SUBMITTER });
});

test("each refusal says which, and the mend", async () => {
  const catalog = new MemoryKeys();
  const expired = testKey(Role.ADMIN, { expiresAt: Date.UTC(2024, 4, 6) });
  const revoked = testKey(Role.ADMIN, { revokedAt: Date.UTC(2025, 0, 31) });
  const good = testKey();
  for (const { row } of [expired, revoked, good]) await catalog.insertApiKey(row);
  const ring = await started(catalog);
  const { key } = good;
  const cases: [string | undefined, string, RegExp][] = [
    [undefined, "API_KEY_MISSING", /carries no API key: send it as/],
    ["", "API_KEY_MISSING", /carries no API key/],
    ["tss_short", "API_KEY_MALFORMED", /malformed: a key is/],
    [`${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`, "API_KEY_MALFORMED", /typo/],
    [testKey().key, "API_KEY_UNKNOWN", /not valid here/],
    [expired.key, "API_KEY_EXPIRED", /expired on 2024-05-06/],
    [revoked.key, "API_KEY_REVOKED", /revoked on 2025-01-31/],
  ];
  for (const [sent, reason, sentence] of cases) {
    const error = refused(ring, sent);
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(sentence);
  }
});

test("an unknown id and a wrong secret read the same, even of a revoked key", async () => {
  const catalog = new MemoryKeys();
  const { row } = testKey(Role.ADMIN, { revokedAt: 1 });
  const stranger = testKey();
  await catalog.insertApiKey({ ...stranger.row, hash: row.hash, revokedAt: 1 });
  const ring = await started(catalog);
  expect(refused(ring, stranger.key).message).toBe(refused(ring, testKey().key).message);
});

test("a change is seen at the next look and told once", async () => {
  const catalog = new MemoryKeys();
  const { key, row } = testKey();
  await catalog.insertApiKey(row);
  const ring = await started(catalog);
  const changed = jest.fn();
  ring.onChange(changed);
  const reads = catalog.reads;
  await jest.advanceTimersByTimeAsync(2_000);
  expect(catalog.reads).toBe(reads);
  await catalog.revokeApiKey(row.id, Date.now());
  await jest.advanceTimersByTimeAsync(500);
  expect(changed).toHaveBeenCalledTimes(1);
  expect(ring.refusal(row.id)?.message).toMatch(/was revoked on/);
  expect(refused(ring, key).reason).toBe("API_KEY_REVOKED");
});

test("an expiry is told while the database is away, and other keys go on", async () => {
  const catalog = new MemoryKeys();
  const short = testKey(Role.VIEWER, { expiresAt: Date.now() + 3_000 });
  const long = testKey();
  await catalog.insertApiKey(short.row);
  await catalog.insertApiKey(long.row);
  const ring = await started(catalog);
  const changed = jest.fn();
  ring.onChange(changed);
  catalog.fail = new Error("connection refused");
  await jest.advanceTimersByTimeAsync(2_000);
  expect(ring.verify(short.key).keyId).toBe(short.row.id);
  expect(changed).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(2_000);
  expect(changed).toHaveBeenCalledTimes(1);
  expect(ring.refusal(short.row.id)?.message).toMatch(/expired on/);
  expect(ring.verify(long.key).keyId).toBe(long.row.id);
  catalog.fail = undefined;
  const late = testKey();
  await catalog.insertApiKey(late.row);
  await jest.advanceTimersByTimeAsync(500);
  expect(ring.verify(late.key).keyId).toBe(late.row.id);
});

test("a database that hangs holds up neither expiry nor the next look", async () => {
  const catalog = new MemoryKeys();
  const { row } = testKey(Role.VIEWER, { expiresAt: Date.now() + 1_000 });
  await catalog.insertApiKey(row);
  const ring = await started(catalog);
  const changed = jest.fn();
  ring.onChange(changed);
  let answer: (version: number) => void = () => {};
  const asked = jest.spyOn(catalog, "authVersion").mockReturnValue(
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  await jest.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveBeenCalledTimes(1);
  expect(changed).toHaveBeenCalledTimes(1);
  answer(1);
});

test("uses are written once a minute, kept when the write fails, and written at the end", async () => {
  const catalog = new MemoryKeys();
  const { key, row } = testKey();
  await catalog.insertApiKey(row);
  const ring = await started(catalog);
  for (let n = 0; n < 10; n++) ring.verify(key);
  expect(catalog.touched).toEqual([]);
  catalog.fail = new Error("away");
  await jest.advanceTimersByTimeAsync(60_000);
  catalog.fail = undefined;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(catalog.touched.map(({ id }) => id)).toEqual([row.id]);
  ring.noteUse(row.id);
  await ring.stop();
  expect(catalog.touched).toHaveLength(2);
});

test("agents' keys and tokens are forgotten 30 days after their end, and the database is asked only then", async () => {
  const catalog = new MemoryKeys();
  const day = 86_400_000;
  const ended = testKey(Role.WORKER, { renewMs: day, expiresAt: Date.now() + day });
  const byPeople = testKey(Role.ADMIN, { expiresAt: Date.now() - 90 * day });
  for (const { row } of [ended, byPeople]) await catalog.insertApiKey(row);
  await started(catalog);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(catalog.forgotten).toEqual([]);
  jest.setSystemTime(Date.now() + 31 * day);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(catalog.forgotten).toEqual([Date.now() - 30 * day]);
});
