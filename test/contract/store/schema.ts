import { describe, expect, test } from "@jest/globals";
import { SchemaError } from "../../../coordinator/ports/store-errors.ts";
import { type FreshDatabase, type OpenFresh, onFresh } from "./fresh.ts";

const OPTIONS = { readConnections: 1, failpoint: () => {} };

async function schemaProblem(fresh: FreshDatabase): Promise<string> {
  const error: unknown = await fresh.plugin.open(fresh.url, OPTIONS).then(
    async (store) => {
      await store.close();
      return null;
    },
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SchemaError);
  return (error as SchemaError).message;
}

export function schemaExam(openFresh: OpenFresh): void {
  describe("schema", () => {
    test("an empty database has no schema, says what to do, and is made by migrate", async () => {
      const fresh = await openFresh({ migrated: false });
      try {
        const before = await fresh.plugin.status(fresh.url);
        expect(before.version).toBe(0);
        expect(before.pending.length).toBeGreaterThan(0);
        expect(before.problem).toContain("tss db");
        expect(await schemaProblem(fresh)).toContain("tss db");
        const after = await fresh.plugin.migrate(fresh.url);
        expect(after).toEqual({
          reachable: true,
          problem: "",
          version: after.latest,
          latest: after.latest,
          pending: [],
        });
        expect(await fresh.plugin.status(fresh.url)).toEqual(after);
        await (await fresh.open()).close();
      } finally {
        await fresh.close();
      }
    });

    test(
      "migrating again changes nothing and loses nothing",
      onFresh(openFresh, async (fresh) => {
        const store = await fresh.open();
        const [lane] = await store.catalog.internLanes(["kept"]);
        const status = await fresh.plugin.migrate(fresh.url);
        expect(status).toMatchObject({ reachable: true, problem: "", pending: [], version: status.latest });
        expect(await store.catalog.lanes()).toEqual([{ lane, key: "kept" }]);
      }),
    );

    test("two that migrate at once both succeed", async () => {
      const fresh = await openFresh({ migrated: false });
      try {
        const [one, two] = await Promise.all([fresh.plugin.migrate(fresh.url), fresh.plugin.migrate(fresh.url)]);
        expect(one).toEqual(two);
        expect(one.version).toBe(one.latest);
        const stores = [await fresh.open(), await fresh.open()];
        expect(await stores[0]!.catalog.meta()).toEqual(await stores[1]!.catalog.meta());
      } finally {
        await fresh.close();
      }
    });

    test(
      "a newer schema is refused by name of both versions, and left alone by migrate",
      onFresh(openFresh, async (fresh) => {
        const { latest } = await fresh.plugin.status(fresh.url);
        await fresh.setSchemaVersion(latest + 41);
        const message = await schemaProblem(fresh);
        expect(message).toContain(String(latest + 41));
        expect(message).toContain(String(latest));
        const status = await fresh.plugin.status(fresh.url);
        expect(status).toMatchObject({ reachable: true, version: latest + 41, latest });
        expect(status.problem).toContain(String(latest + 41));
        await expect(fresh.plugin.migrate(fresh.url)).rejects.toBeInstanceOf(SchemaError);
        expect((await fresh.plugin.status(fresh.url)).version).toBe(latest + 41);
      }),
    );

    test(
      "an older schema is refused and told how to go on",
      onFresh(openFresh, async (fresh) => {
        await fresh.setSchemaVersion(0);
        expect(await schemaProblem(fresh)).toContain("tss db");
      }),
    );
  });
}
