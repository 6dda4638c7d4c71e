import { describe, expect, test } from "@jest/globals";
import type { ListQuery } from "../../../coordinator/ports/store.ts";
import type { OpenFresh } from "./fresh.ts";
import { allSegments, listQuery } from "./list-query.ts";
import { asOwner, type Owner } from "./owner.ts";
import { bytes, CANCELLED, endRow, eventRow, FAILED, moveRow, SUCCEEDED, seqs, sessionRow, T0 } from "./rows.ts";

async function listed(owner: Owner, fields: Partial<ListQuery> = {}): Promise<number[]> {
  const page = await owner.store.reads.list(listQuery(await allSegments(owner), fields));
  return seqs(page.tasks.map((one) => one.task));
}

export function listExam(openFresh: OpenFresh): void {
  describe("list", () => {
    test(
      "gives tasks and ends, without events, newest first",
      asOwner(openFresh, async (owner) => {
        const old = owner.task({ createdAt: T0 - 1, labels: ["a=1"], spec: bytes("old") });
        const young = owner.task({ createdAt: T0 + 1 });
        const end = endRow(old, { detail: bytes("d"), result: bytes("r") });
        await owner.flush({
          tasks: [young, old],
          events: [eventRow(old, owner.next(), { session: 1 })],
          ends: [end],
          sessions: [sessionRow(1)],
        });
        const page = await owner.store.reads.list(listQuery([owner.seg, 0]));
        expect(page).toEqual({
          tasks: [
            { task: young, events: [], end: null, sessions: [] },
            { task: old, events: [], end, sessions: [] },
          ],
          next: null,
          incomplete: false,
          scanned: 2,
        });
      }),
    );

    test(
      "chooses by end status and by whether there is an end",
      asOwner(openFresh, async (owner) => {
        const tasks = [1, 2, 3, 4, 5].map((i) => owner.task({ createdAt: T0 - i }));
        const [waiting, done, failed, cancelled, moved] = seqs(tasks);
        await owner.flush({
          tasks,
          ends: [
            endRow(tasks[1]!, { status: SUCCEEDED }),
            endRow(tasks[2]!, { status: FAILED }),
            endRow(tasks[3]!, { status: CANCELLED }),
          ],
        });
        await owner.flush({ moves: [moveRow(tasks[4]!, T0)] });
        expect(await listed(owner)).toEqual([waiting, done, failed, cancelled, moved]);
        expect(await listed(owner, { unended: false })).toEqual([done, failed, cancelled]);
        expect(await listed(owner, { endStatuses: [] })).toEqual([waiting, moved]);
        expect(await listed(owner, { endStatuses: [FAILED], unended: false })).toEqual([failed]);
        expect(await listed(owner, { endStatuses: [CANCELLED, FAILED], unended: false })).toEqual([failed, cancelled]);
        expect(await listed(owner, { endStatuses: [CANCELLED] })).toEqual([waiting, cancelled, moved]);
        expect(await listed(owner, { endStatuses: [SUCCEEDED], unended: false })).toEqual([done]);
        expect(await listed(owner, { endStatuses: [], unended: false })).toEqual([]);
        const page = await owner.store.reads.list(listQuery([owner.seg, 0], { endStatuses: [] }));
        expect(page.tasks.map((one) => [one.task.seg, one.end])).toEqual([
          [owner.seg, null],
          [0, null],
        ]);
      }),
    );

    test(
      "chooses by lane, name and type",
      asOwner(openFresh, async (owner) => {
        const tasks = [
          owner.task({ lane: 1, name: "a", type: "x" }),
          owner.task({ lane: 2, name: "A", type: "x" }),
          owner.task({ lane: 3, name: "a", type: "" }),
          owner.task({ lane: 4, name: "a%", type: "y" }),
        ];
        await owner.flush({ tasks });
        const [one, two, three, four] = seqs(tasks);
        expect(await listed(owner, { lanes: [3, 1, 9] })).toEqual([three, one]);
        expect(await listed(owner, { lanes: [] })).toEqual([]);
        expect(await listed(owner, { name: "a" })).toEqual([three, one]);
        expect(await listed(owner, { name: "a%" })).toEqual([four]);
        expect(await listed(owner, { type: "x" })).toEqual([two, one]);
        expect(await listed(owner, { type: "" })).toEqual([three]);
        expect(await listed(owner, { name: "a", type: "x", lanes: [1, 2] })).toEqual([one]);
      }),
    );

    test(
      "chooses by labels: a value, or any value of a key",
      asOwner(openFresh, async (owner) => {
        const labels = [["env=prod", "team=a"], ["env=test", "team=a"], ["environment=prod"], [], ["env="]];
        const tasks = labels.map((each, i) => owner.task({ labels: each, createdAt: T0 - i }));
        await owner.flush({ tasks });
        const [prod, trial, , , blank] = seqs(tasks);
        expect(await listed(owner, { labels: ["env=prod"] })).toEqual([prod]);
        expect(await listed(owner, { labels: ["team=a"] })).toEqual([prod, trial]);
        expect(await listed(owner, { labels: ["env=\0"] })).toEqual([prod, trial, blank]);
        expect(await listed(owner, { labels: ["env=\0", "team=a"] })).toEqual([prod, trial]);
        expect(await listed(owner, { labels: ["env=prod", "team=b"] })).toEqual([]);
        expect(await listed(owner, { labels: ["env="] })).toEqual([blank]);
        expect(await listed(owner, { labels: ["en=\0"] })).toEqual([]);
      }),
    );

    test(
      "leaves out by name, type and label, besides what it chooses by",
      asOwner(openFresh, async (owner) => {
        const tasks = [
          owner.task({ name: "a", type: "x", labels: ["env=prod", "team=a"] }),
          owner.task({ name: "b", type: "x", labels: ["env=test"] }),
          owner.task({ name: "c", type: "", labels: ["environment=prod"] }),
          owner.task({ name: "d", type: "y" }),
        ];
        await owner.flush({
          tasks,
          ends: [endRow(tasks[1]!, { status: FAILED }), endRow(tasks[3]!, { status: FAILED })],
        });
        const [a, b, c, d] = seqs(tasks);
        expect(await listed(owner, { notNames: ["a", "d"] })).toEqual([c, b]);
        expect(await listed(owner, { notTypes: ["x"] })).toEqual([d, c]);
        expect(await listed(owner, { notTypes: [""] })).toEqual([d, b, a]);
        expect(await listed(owner, { notLabels: ["env=prod"] })).toEqual([d, c, b]);
        expect(await listed(owner, { notLabels: ["env=\0"] })).toEqual([d, c]);
        expect(await listed(owner, { notLabels: ["env=test", "team=\0"] })).toEqual([d, c]);
        expect(await listed(owner, { type: "x", notNames: ["a"], notLabels: ["team=a"] })).toEqual([b]);
        const failed = { endStatuses: [FAILED], unended: false };
        expect(await listed(owner, { ...failed, notNames: ["d"] })).toEqual([b]);
        expect(await listed(owner, { ...failed, notLabels: ["env=\0"] })).toEqual([d]);
      }),
    );

    test(
      "bounds of creation leave their own times out",
      asOwner(openFresh, async (owner) => {
        const tasks = [0, 1, 2, 3].map((i) => owner.task({ createdAt: T0 + i, seg: i % 2 === 0 ? owner.seg : 0 }));
        await owner.flush({ tasks });
        const [zero, one, two, three] = seqs(tasks);
        expect(await listed(owner, { createdAfter: T0 })).toEqual([three, two, one]);
        expect(await listed(owner, { createdBefore: T0 + 2 })).toEqual([one, zero]);
        expect(await listed(owner, { createdAfter: T0, createdBefore: T0 + 2 })).toEqual([one]);
        expect(await listed(owner, { createdAfter: T0 + 1, createdBefore: T0 + 1 })).toEqual([]);
      }),
    );

    test(
      "looks only in the segments it is told",
      asOwner(openFresh, async (owner) => {
        const first = owner.seg;
        const old = owner.task();
        await owner.flush({ tasks: [old] });
        await owner.openSegment();
        await owner.flush({ tasks: [owner.task()] });
        const page = await owner.store.reads.list(listQuery([first]));
        expect(page.tasks.map((one) => one.task)).toEqual([old]);
        expect(await owner.store.reads.list(listQuery([]))).toMatchObject({ tasks: [], next: null, incomplete: false });
      }),
    );
  });
}
