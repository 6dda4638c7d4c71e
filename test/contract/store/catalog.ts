import { describe, expect, test } from "@jest/globals";
import type { ApiKeyRow, QueueRow } from "../../../coordinator/ports/catalog-store.ts";
import type { OwnedShard } from "../../../coordinator/ports/store.ts";
import { FencedError } from "../../../coordinator/ports/store-errors.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { T0 } from "./rows.ts";

function apiKey(id: string, fields: Partial<ApiKeyRow> = {}): ApiKeyRow {
  const hash = new Uint8Array(32).fill(id.length);
  return { id, name: "exam", role: 3, hash, createdAt: T0, expiresAt: T0 + 5, revokedAt: 0, lastUsedAt: 0, ...fields };
}

const queue = (name: string, fields: Partial<QueueRow> = {}): QueueRow => ({
  ...{ name, paused: false, pauseNote: "", pausedAt: 0, config: "{}" },
  ...fields,
});

export function catalogExam(openFresh: OpenFresh): void {
  describe("catalog", () => {
    test(
      "meta says how the installation was made, and never changes",
      onFresh(openFresh, async (fresh) => {
        const [first, second] = [await fresh.open(), await fresh.open()];
        const meta = await first.catalog.meta();
        expect(meta.shards).toBeGreaterThanOrEqual(1);
        expect(meta.salt).toHaveLength(32);
        expect(new Set(meta.salt).size).toBeGreaterThan(8);
        expect(meta.schemaVersion).toBe((await fresh.plugin.status(fresh.url)).latest);
        await fresh.plugin.migrate(fresh.url);
        expect(await second.catalog.meta()).toEqual(meta);
      }),
    );

    test(
      "a lane's key has one id for every caller",
      onFresh(openFresh, async (fresh) => {
        const [first, second] = [await fresh.open(), await fresh.open()];
        const [a, b] = await first.catalog.internLanes(['{"q":"a"}', '{"q":"b"}']);
        expect(a).not.toBe(b);
        expect(await second.catalog.internLanes(['{"q":"b"}', '{"q":"c"}', '{"q":"a"}', '{"q":"c"}'])).toEqual([
          b,
          expect.any(Number),
          a,
          expect.any(Number),
        ]);
        const lanes = await first.catalog.lanes();
        expect(lanes.map((lane) => lane.key).sort()).toEqual(['{"q":"a"}', '{"q":"b"}', '{"q":"c"}']);
        for (const { lane } of lanes) expect(lane >= 1 && lane < 2 ** 32 && Number.isInteger(lane)).toBe(true);
        expect(await first.catalog.internLanes([])).toEqual([]);
      }),
    );

    test(
      "callers that intern the same keys at once get the same ids",
      onFresh(openFresh, async (fresh) => {
        const stores = [await fresh.open(), await fresh.open()];
        const keys = Array.from({ length: 20 }, (_, i) => `lane 'n' "${i}" 🦄`);
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            stores[i % 2]!.catalog.internLanes(i % 4 < 2 ? keys : [...keys].reverse()).then((ids) =>
              i % 4 < 2 ? ids : [...ids].reverse(),
            ),
          ),
        );
        for (const answer of answers) expect(answer).toEqual(answers[0]);
        expect(new Set(answers[0]).size).toBe(20);
        expect(await stores[0]!.catalog.lanes()).toHaveLength(20);
      }),
    );

    test(
      "a forgotten lane's id is not used again",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        const ids = await catalog.internLanes(["a", "b", "c"]);
        await catalog.forgetLanes([ids[2]!, ids[0]!, 4_000_000_000]);
        expect(await catalog.lanes()).toEqual([{ lane: ids[1], key: "b" }]);
        expect(await catalog.lanes(ids[1])).toEqual([]);
        const again = await catalog.internLanes(["a", "c", "d"]);
        for (const id of again) expect(ids).not.toContain(id);
        await catalog.forgetLanes([]);
      }),
    );

    test(
      "a queue is inserted or replaced",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        expect(await catalog.queues()).toEqual([]);
        await catalog.saveQueue(queue("mail", { config: '{"a":1}' }));
        await catalog.saveQueue(queue("image"));
        const paused = queue("mail", { paused: true, pauseNote: "it's 🛑", pausedAt: T0, config: '{"b":[2]}' });
        await catalog.saveQueue(paused);
        const rows = [...(await catalog.queues())].sort((a, b) => a.name.localeCompare(b.name));
        expect(rows).toEqual([queue("image"), paused]);
      }),
    );

    test(
      "the auth version rises with each key that is made or revoked",
      onFresh(openFresh, async (fresh) => {
        const [{ catalog }, other] = [await fresh.open(), await fresh.open()];
        const versions = [await catalog.authVersion()];
        await catalog.insertApiKey(apiKey("keyAAAAAAAAA"));
        versions.push(await other.catalog.authVersion());
        await catalog.insertApiKey(apiKey("keyBBBBBBBBB", { role: 1, name: "b's" }));
        versions.push(await other.catalog.authVersion());
        expect(await catalog.revokeApiKey("keyAAAAAAAAA", T0 + 7)).toBe(true);
        versions.push(await other.catalog.authVersion());
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
        const keys = [...(await other.catalog.apiKeys())].sort((a, b) => (a.id < b.id ? -1 : 1));
        expect(keys).toEqual([
          apiKey("keyAAAAAAAAA", { revokedAt: T0 + 7 }),
          apiKey("keyBBBBBBBBB", { role: 1, name: "b's" }),
        ]);
      }),
    );

    test(
      "a key is revoked once, at its first time; one that is not there is not",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        await catalog.insertApiKey(apiKey("keyAAAAAAAAA"));
        expect(await catalog.revokeApiKey("nobody", T0)).toBe(false);
        expect(await catalog.revokeApiKey("keyAAAAAAAAA", T0 + 1)).toBe(true);
        expect(await catalog.revokeApiKey("keyAAAAAAAAA", T0 + 2)).toBe(true);
        expect((await catalog.apiKeys())[0]?.revokedAt).toBe(T0 + 1);
      }),
    );

    test(
      "of many that redeem one join token at once, one makes its key; no other leaves a trace",
      onFresh(openFresh, async (fresh) => {
        const stores = [await fresh.open(), await fresh.open()];
        const { catalog } = stores[0]!;
        await catalog.insertApiKey(apiKey("tokenAAAAAAA", { role: 6, renewMs: 7 }));
        const made = Array.from({ length: 8 }, (_, n) =>
          apiKey(`madeAAAAAAA${n}`, { name: "a \u{1f916}", renewMs: 7 }),
        );
        const before = await catalog.authVersion();
        const done = await Promise.all(
          made.map((key, n) => stores[n % 2]!.catalog.redeemJoinToken("tokenAAAAAAA", key, T0 + 4)),
        );
        expect(done.filter(Boolean)).toHaveLength(1);
        const winner = made[done.indexOf(true)]!;
        expect(new Set(await catalog.apiKeys())).toEqual(
          new Set([apiKey("tokenAAAAAAA", { role: 6, renewMs: 7, revokedAt: T0 + 4, usedBy: winner.id }), winner]),
        );
        expect(await catalog.authVersion()).toBeGreaterThan(before);
        expect(await catalog.redeemJoinToken("tokenAAAAAAA", apiKey("lateAAAAAAAA"), T0 + 4)).toBe(false);
        expect(await catalog.redeemJoinToken("nobodyAAAAAA", apiKey("lateAAAAAAAA"), T0 + 4)).toBe(false);
        await catalog.insertApiKey(apiKey("tokenBBBBBBB", { role: 6 }));
        expect(await catalog.redeemJoinToken("tokenBBBBBBB", apiKey("lateAAAAAAAA"), T0 + 5)).toBe(false);
        await catalog.revokeApiKey("tokenBBBBBBB", T0 + 1);
        expect(await catalog.redeemJoinToken("tokenBBBBBBB", apiKey("lateAAAAAAAA"), T0 + 2)).toBe(false);
        expect(await catalog.apiKeys()).toHaveLength(3);
      }),
    );

    test(
      "a secret is announced, may be announced anew, and takes the place of the old one once",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
        const key = apiKey("keyAAAAAAAAA", { renewMs: 9 });
        await catalog.insertApiKey(key);
        const versions = [await catalog.authVersion()];
        const note = async () => void versions.push(await catalog.authVersion());
        expect(await catalog.settleSecret(key.id, first, T0 + 50, T0)).toBe(false);
        expect(await catalog.announceSecret(key.id, first, T0)).toBe(true);
        await note();
        expect(await catalog.announceSecret(key.id, second, T0)).toBe(true);
        await note();
        expect(await catalog.apiKeys()).toEqual([{ ...key, nextHash: second }]);
        expect(await catalog.settleSecret(key.id, first, T0 + 50, T0)).toBe(false);
        expect(await catalog.settleSecret(key.id, second, T0 + 50, T0)).toBe(true);
        await note();
        expect(await catalog.apiKeys()).toEqual([{ ...key, hash: second, expiresAt: T0 + 50 }]);
        expect(await catalog.settleSecret(key.id, second, T0 + 90, T0)).toBe(false);
        expect(await catalog.announceSecret("nobodyAAAAAA", first, T0)).toBe(false);
        expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      }),
    );

    test(
      "a key that was revoked or has expired takes no new secret",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        const hash = new Uint8Array(32).fill(1);
        for (const id of ["keyAAAAAAAAA", "keyBBBBBBBBB"]) {
          await catalog.insertApiKey(apiKey(id, { renewMs: 9 }));
          expect(await catalog.announceSecret(id, hash, T0)).toBe(true);
        }
        await catalog.revokeApiKey("keyAAAAAAAAA", T0 + 1);
        expect(await catalog.settleSecret("keyAAAAAAAAA", hash, T0 + 50, T0 + 1)).toBe(false);
        expect(await catalog.announceSecret("keyAAAAAAAAA", hash, T0 + 1)).toBe(false);
        expect(await catalog.settleSecret("keyBBBBBBBBB", hash, T0 + 50, T0 + 5)).toBe(false);
        expect(await catalog.announceSecret("keyBBBBBBBBB", hash, T0 + 5)).toBe(false);
      }),
    );

    test(
      "tokens and keys that joined are forgotten when they ended before a time; what people made stays",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        const keep = [
          apiKey("personAAAAAA", { revokedAt: T0 + 1 }),
          apiKey("personBBBBBB", { expiresAt: T0 + 1 }),
          apiKey("joinedAAAAAA", { renewMs: 9, expiresAt: T0 + 10 }),
          apiKey("joinedBBBBBB", { renewMs: 9, expiresAt: T0 + 5, revokedAt: T0 + 10 }),
        ];
        const gone = [
          apiKey("joinedCCCCCC", { renewMs: 9, expiresAt: T0 + 9 }),
          apiKey("joinedDDDDDD", { renewMs: 9, expiresAt: T0 + 90, revokedAt: T0 + 9 }),
          apiKey("tokenAAAAAAA", { role: 6, renewMs: 9, revokedAt: T0 + 9, usedBy: "joinedAAAAAA" }),
        ];
        for (const key of [...keep, ...gone]) await catalog.insertApiKey(key);
        const before = await catalog.authVersion();
        await catalog.forgetJoined(T0 + 10);
        expect(new Set(await catalog.apiKeys())).toEqual(new Set(keep));
        const after = await catalog.authVersion();
        expect(after).toBeGreaterThan(before);
        await catalog.forgetJoined(T0 + 10);
        expect(await catalog.authVersion()).toBe(after);
      }),
    );

    test(
      "jobs on many tasks are kept, replaced and deleted",
      onFresh(openFresh, async (fresh) => {
        const [store, other] = [await fresh.open(), await fresh.open()];
        const { catalog } = store;
        expect(await catalog.bulks()).toEqual([]);
        const job = (id: string, createdAt: number, body = "{}") => ({ id, createdAt, body });
        const [owner] = (await store.claim("exam", false)) as [OwnedShard];
        for (const row of [job("b_2", T0 + 2), job("b_1", T0), job("B_1", T0 + 1)]) await catalog.saveBulk(row, owner);
        await catalog.saveBulk(job("b_2", T0 + 2, '{"it\'s":"🛑"}'), owner);
        expect(await other.catalog.bulks()).toEqual([
          job("b_1", T0),
          job("B_1", T0 + 1),
          job("b_2", T0 + 2, '{"it\'s":"🛑"}'),
        ]);
        await other.catalog.deleteBulks(["b_1", "b_2", "nobody"]);
        await other.catalog.deleteBulks([]);
        expect(await catalog.bulks()).toEqual([job("B_1", T0 + 1)]);
      }),
    );

    test(
      "a job is written by the newest owner of its shard alone",
      onFresh(openFresh, async (fresh) => {
        const [old, store] = [await fresh.open(), await fresh.open()];
        const [before] = (await old.claim("a", false)) as [OwnedShard];
        const job = { id: "b_1", createdAt: T0, body: "1" };
        await old.catalog.saveBulk(job, before);
        const [owner] = (await store.claim("b", true)) as [OwnedShard];
        for (const late of [job, { ...job, id: "b_2" }])
          await expect(old.catalog.saveBulk({ ...late, body: "late" }, before)).rejects.toBeInstanceOf(FencedError);
        expect(await store.catalog.bulks()).toEqual([job]);
        await store.catalog.saveBulk({ ...job, body: "2" }, owner);
        expect(await old.catalog.bulks()).toEqual([{ ...job, body: "2" }]);
      }),
    );

    test(
      "the last use of keys is noted and never goes back",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        await catalog.insertApiKey(apiKey("keyAAAAAAAAA"));
        await catalog.insertApiKey(apiKey("keyBBBBBBBBB"));
        await catalog.touchApiKeys([
          { id: "keyAAAAAAAAA", at: T0 + 3 },
          { id: "nobody", at: T0 + 3 },
        ]);
        await catalog.touchApiKeys([{ id: "keyAAAAAAAAA", at: T0 + 2 }]);
        await catalog.touchApiKeys([]);
        const used = new Map((await catalog.apiKeys()).map((key) => [key.id, key.lastUsedAt]));
        expect(used).toEqual(
          new Map([
            ["keyAAAAAAAAA", T0 + 3],
            ["keyBBBBBBBBB", 0],
          ]),
        );
      }),
    );
  });
}
