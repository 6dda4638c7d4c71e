import { describe, expect, test } from "@jest/globals";
import type { ApiKeyRow } from "../../../coordinator/ports/catalog-store.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { T0 } from "./rows.ts";

function apiKey(id: string, fields: Partial<ApiKeyRow> = {}): ApiKeyRow {
  const hash = new Uint8Array(32).fill(id.length);
  return { id, name: "exam", role: 3, hash, createdAt: T0, expiresAt: T0 + 5, revokedAt: 0, lastUsedAt: 0, ...fields };
}

export function apiKeysExam(openFresh: OpenFresh): void {
  describe("API keys", () => {
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
