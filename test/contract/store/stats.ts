import { describe, expect, test } from "@jest/globals";
import type { ActivityQuery, ActivityRow, FailureGroupRow, RollupRow } from "../../../coordinator/ports/stats-store.ts";
import { type OpenFresh, onFresh } from "./fresh.ts";
import { T0 } from "./rows.ts";

const rollup = (key: string, at: number, fields: Partial<RollupRow> = {}): RollupRow => ({
  ...{ key, at, resolutionMs: 10_000, owner: 2 ** 47 + 1, body: `{"k":"${key}"}` },
  ...fields,
});

const group = (fingerprint: string, fields: Partial<FailureGroupRow> = {}): FailureGroupRow => ({
  ...{ fingerprint, queue: "mail", type: "send", reason: 19, errorType: "TypeError", title: "x of <n>" },
  ...{ sampleMessage: "x of 7 'quoted' 🦄", sampleIds: ["b", "a"], attempts: 2, firstSeen: T0, lastSeen: T0 + 5 },
  ...{ firstVersion: "1.0", lastVersion: "1.0", backAt: 0 },
  ...fields,
});

const entry = (action: string, fields: Partial<ActivityRow> = {}): ActivityRow => ({
  ...{ at: T0, kind: 1, action, subject: "queue/mail", summary: `It's ${action}.` },
  ...{ keyId: "keyAAAAAAAAA", keyName: "Ann's", detail: '{"note":"🛑"}' },
  ...fields,
});

const NEWEST: ActivityQuery = { before: 0, limit: 100, kinds: [], keyId: "", subject: "", from: null, to: null };

export function statsExam(openFresh: OpenFresh): void {
  describe("stats", () => {
    test(
      "rollups are found by key, resolution and time, those of every owner",
      onFresh(openFresh, async (fresh) => {
        const [{ stats }, other] = [await fresh.open(), await fresh.open()];
        const rows = [rollup("", T0), rollup("q/mail", T0), rollup("", T0 + 10_000), rollup("", T0 + 20_000)];
        await stats.saveRollups(rows);
        await stats.saveRollups([]);
        const theirs = rollup("", T0 + 10_000, { owner: 7 });
        await other.stats.saveRollups([theirs, rollup("", T0, { resolutionMs: 60_000 })]);
        const find = (keys: readonly string[], from: number, to: number, limit = 100) =>
          stats.rollups({ keys: { in: keys }, resolutionMs: 10_000, from, to, limit });
        expect(await find([""], T0, T0 + 20_000)).toEqual([rows[0], theirs, rows[2]]);
        expect(await find(["", "q/mail"], T0, T0 + 1)).toEqual([rows[0], rows[1]]);
        expect(await find([""], T0, T0 + 60_000, 2)).toEqual([rows[0], theirs]);
        expect(await find(["nobody"], T0, T0 + 60_000)).toEqual([]);
      }),
    );

    test(
      "a rollup that is saved again is replaced",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        await stats.saveRollups([rollup("a", T0), rollup("b", T0)]);
        await stats.saveRollups([rollup("a", T0, { body: "{}" })]);
        const found = await stats.rollups({
          keys: { in: ["a", "b"] },
          resolutionMs: 10_000,
          from: T0,
          to: T0 + 1,
          limit: 9,
        });
        expect(found).toEqual([rollup("a", T0, { body: "{}" }), rollup("b", T0)]);
      }),
    );

    test(
      "keys under a prefix are found whatever they contain",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        const keys = ["f/aa", "f/bb", "f_cc", "F/dd", "", "g"];
        await stats.saveRollups(keys.map((key) => rollup(key, T0)));
        const found = await stats.rollups({
          keys: { prefix: "f/" },
          resolutionMs: 10_000,
          from: T0,
          to: T0 + 1,
          limit: 9,
        });
        expect(found.map((row) => row.key)).toEqual(["f/aa", "f/bb"]);
      }),
    );

    test(
      "old rollups of one resolution are deleted, a few at a time",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        const ats = [1, 2, 3, 4].map((n) => T0 + n * 10_000);
        await stats.saveRollups(ats.map((at) => rollup("", at)));
        await stats.saveRollups([rollup("", T0, { resolutionMs: 60_000 })]);
        expect(await stats.pruneRollups(10_000, ats[3]!, 2)).toBe(2);
        expect(await stats.pruneRollups(10_000, ats[3]!, 100)).toBe(1);
        expect(await stats.pruneRollups(10_000, ats[3]!, 100)).toBe(0);
        const left = (resolutionMs: number) =>
          stats.rollups({ keys: { in: [""] }, resolutionMs, from: 0, to: T0 * 2, limit: 9 });
        expect(await left(10_000)).toEqual([rollup("", ats[3]!)]);
        expect(await left(60_000)).toHaveLength(1);
      }),
    );

    test(
      "a failure group that is there is added to, whoever saw it first or last",
      onFresh(openFresh, async (fresh) => {
        const [{ stats }, other] = [await fresh.open(), await fresh.open()];
        await stats.addFailures([group("one"), group("two", { lastSeen: T0 + 9 })]);
        await stats.addFailures([]);
        await other.stats.addFailures([
          group("one", {
            ...{ attempts: 3, firstSeen: T0 + 4, lastSeen: T0 + 40, lastVersion: "2.0", firstVersion: "2.0" },
            ...{ sampleIds: ["c"], sampleMessage: "newer", backAt: T0 + 30 },
          }),
        ]);
        // What is told late does not hide what was seen later.
        await stats.addFailures([
          group("one", {
            attempts: 1,
            firstSeen: T0 - 9,
            lastSeen: T0 + 1,
            firstVersion: "0.9",
            sampleMessage: "older",
          }),
        ]);
        expect(await stats.failureGroups(T0, 10)).toEqual([
          group("one", {
            ...{ attempts: 6, firstSeen: T0 - 9, lastSeen: T0 + 40, firstVersion: "0.9", lastVersion: "2.0" },
            ...{ sampleIds: ["c"], sampleMessage: "newer", backAt: T0 + 30 },
          }),
          group("two", { lastSeen: T0 + 9 }),
        ]);
        expect(await stats.failureGroups(T0, 1)).toHaveLength(1);
        expect(await stats.failureGroups(T0 + 10, 10)).toHaveLength(1);
      }),
    );

    test(
      "groups that were not seen for long are deleted",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        await stats.addFailures(["a", "b", "c"].map((name, n) => group(name, { lastSeen: T0 + n })));
        expect(await stats.pruneFailures(T0 + 2, 1)).toBe(1);
        expect(await stats.pruneFailures(T0 + 2, 9)).toBe(1);
        expect((await stats.failureGroups(0, 9)).map((one) => one.fingerprint)).toEqual(["c"]);
      }),
    );

    test(
      "activity is kept in order, and read back newest first",
      onFresh(openFresh, async (fresh) => {
        const [{ stats }, other] = [await fresh.open(), await fresh.open()];
        const first = await stats.addActivity([entry("a"), entry("b"), entry("c")]);
        const second = await other.stats.addActivity([entry("d", { at: T0 + 1 })]);
        expect(await stats.addActivity([])).toEqual([]);
        const ids = [...first, ...second];
        expect([...ids].sort((a, b) => a - b)).toEqual(ids);
        expect(new Set(ids).size).toBe(4);
        const found = await stats.activity(NEWEST);
        expect(found.map(({ action }) => action)).toEqual(["d", "c", "b", "a"]);
        expect(found[3]).toEqual({ id: ids[0], ...entry("a") });
        const page = await stats.activity({ ...NEWEST, before: ids[3]!, limit: 2 });
        expect(page.map(({ action }) => action)).toEqual(["c", "b"]);
      }),
    );

    test(
      "activity is filtered by kind, key, subject and time together",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        await stats.addActivity([
          entry("pause"),
          entry("deploy", { kind: 2, keyId: "", keyName: "", subject: "pool/gpu", at: T0 + 10 }),
          entry("resume", { at: T0 + 20, keyId: "keyBBBBBBBBB" }),
          entry("lost", { kind: 4, subject: "worker/w_1", at: T0 + 30 }),
        ]);
        const actions = async (query: Partial<ActivityQuery>) =>
          (await stats.activity({ ...NEWEST, ...query })).map(({ action }) => action);
        expect(await actions({ kinds: [2, 4] })).toEqual(["lost", "deploy"]);
        expect(await actions({ keyId: "keyBBBBBBBBB" })).toEqual(["resume"]);
        expect(await actions({ subject: "queue/mail" })).toEqual(["resume", "pause"]);
        expect(await actions({ from: T0 + 10, to: T0 + 30 })).toEqual(["resume", "deploy"]);
        expect(await actions({ kinds: [1], subject: "queue/mail", keyId: "keyAAAAAAAAA" })).toEqual(["pause"]);
      }),
    );

    test(
      "activity that is old or too much is deleted, the oldest first",
      onFresh(openFresh, async (fresh) => {
        const { stats } = await fresh.open();
        await stats.addActivity([1, 2, 3, 4, 5].map((n) => entry(`a${n}`, { at: T0 + n })));
        const left = async () => (await stats.activity(NEWEST)).map(({ action }) => action);
        expect(await stats.pruneActivity(T0 + 3, 100, 1)).toBe(1);
        expect(await left()).toEqual(["a5", "a4", "a3", "a2"]);
        expect(await stats.pruneActivity(T0 + 3, 100, 9)).toBe(1);
        expect(await stats.pruneActivity(0, 2, 9)).toBe(1);
        expect(await left()).toEqual(["a5", "a4"]);
        // Ids are not used again.
        const [next] = await stats.addActivity([entry("a6")]);
        expect(next).toBeGreaterThan((await stats.activity(NEWEST))[1]!.id);
      }),
    );
  });
}
