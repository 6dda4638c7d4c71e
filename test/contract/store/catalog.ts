import { describe, expect, test } from "@jest/globals";
import type { QueueRow } from "../../../coordinator/ports/catalog-store.ts";
import type { OwnedShard } from "../../../coordinator/ports/store.ts";
import { FencedError } from "../../../coordinator/ports/store-errors.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { T0 } from "./rows.ts";

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
  });
}
