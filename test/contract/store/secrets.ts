import { describe, expect, test } from "@jest/globals";
import type { SecretRow } from "../../../coordinator/ports/secret-store.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { T0 } from "./rows.ts";

const secret = (name: string, fields: Partial<SecretRow> = {}): SecretRow => ({
  ...{ name, version: 1, queues: ["mail", "web"], masterKeyId: "m1", setAt: T0, setBy: "k1" },
  ...{ wrapped: new Uint8Array([1, 2, 3]), sealed: new Uint8Array([0, 255, 10]) },
  ...fields,
});

const plainly = ({ wrapped, sealed, ...facts }: SecretRow) => ({
  ...facts,
  wrapped: [...wrapped],
  sealed: [...sealed],
});

export function secretsExam(openFresh: OpenFresh): void {
  describe("secrets", () => {
    test(
      "a secret is replaced by its next version alone, and told of without what is sealed",
      onFresh(openFresh, async (fresh) => {
        const [{ catalog }, other] = [await fresh.open(), await fresh.open()];
        const first = secret("db");
        expect(await catalog.saveSecret(secret("db", { version: 2 }))).toBe(false);
        expect(await catalog.saveSecret(first)).toBe(true);
        expect(await catalog.saveSecret(first)).toBe(false);
        expect(await catalog.saveSecret(secret("Zb"))).toBe(true);
        const { wrapped: _, sealed: __, ...facts } = first;
        const { secrets } = other.catalog;
        expect((await secrets()).map(({ name }) => name)).toEqual(["Zb", "db"]);
        expect((await secrets())[1]).toEqual(facts);
        const second = secret("db", { version: 2, queues: [], sealed: new Uint8Array([9, 0, 255]), setBy: "k2" });
        expect(await catalog.saveSecret(second)).toBe(true);
        expect((await other.catalog.secretsNamed(["none", "db"])).map(plainly)).toEqual([plainly(second)]);
        expect(await catalog.deleteSecret("db")).toBe(true);
        expect(await catalog.deleteSecret("db")).toBe(false);
        expect(await other.catalog.secretsNamed(["db"])).toEqual([]);
      }),
    );

    test(
      "the key of a secret is wrapped anew only as it was read",
      onFresh(openFresh, async (fresh) => {
        const { catalog } = await fresh.open();
        await catalog.saveSecret(secret("db"));
        const anew = secret("db", { masterKeyId: "m2", wrapped: new Uint8Array([4]) });
        expect(await catalog.rewrapSecret(anew, "m9")).toBe(false);
        expect(await catalog.rewrapSecret({ ...anew, version: 2 }, "m1")).toBe(false);
        expect(await catalog.rewrapSecret(anew, "m1")).toBe(true);
        expect(await catalog.rewrapSecret(anew, "m1")).toBe(false);
        expect((await catalog.secretsNamed(["db"])).map(plainly)).toEqual([plainly(anew)]);
      }),
    );
  });
}
