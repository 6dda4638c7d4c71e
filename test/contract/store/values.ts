import { describe, expect, test } from "@jest/globals";
import type { OpenFresh } from "./fresh.ts";
import { asOwner } from "./owner.ts";
import { bytes, endRow, eventRow, gateRow, sessionRow } from "./rows.ts";

const ODD_TEXTS = [
  "👩‍👩‍👧 família — naïve 日本語 \u202eabc",
  'it\'s "quoted" `ticked` \\ back $1 $$ %s ? :name @x {a,b} NULL',
  "line\r\nbreak\ttab \u0001\u001f\u007f",
  "'; DROP TABLE task; --",
  " leading and trailing ",
  "x".repeat(200),
  "\u{10ffff}\uffff",
];
const LARGEST = Number.MAX_SAFE_INTEGER;

export function valuesExam(openFresh: OpenFresh): void {
  describe("values", () => {
    test(
      "odd text comes back as it went in, and is found by it",
      asOwner(openFresh, async (owner) => {
        for (const text of ODD_TEXTS) {
          const task = owner.task({
            name: text,
            type: text,
            labels: [`a=${text}`, `b=${text}`],
            submittedBy: text,
            retryOf: text,
          });
          const session = sessionRow(owner.next(), { id: text, workerName: text });
          const event = eventRow(task, owner.next(), { session: session.session, detail: bytes(text) });
          await owner.flush({ tasks: [task], events: [event], sessions: [session] });
          expect(await owner.stored(task)).toEqual({ task, events: [event], end: null, sessions: [session] });
          const page = await owner.store.reads.list({
            segs: [owner.seg, 0],
            after: null,
            limit: 10,
            endStatuses: null,
            unended: true,
            lanes: null,
            name: text,
            type: text,
            labels: [`a=${text}`],
            notNames: [],
            notTypes: [],
            notLabels: [],
            createdAfter: null,
            createdBefore: null,
            maxScanned: 1_000,
          });
          expect(page.tasks.map((one) => one.task)).toEqual([task]);
        }
      }),
    );

    test(
      "no labels, empty labels and labels with separators stay apart",
      asOwner(openFresh, async (owner) => {
        for (const labels of [[], [""], ["a="], ["a=1,2", 'b={"}'], ["a=1\nb=2"], ["a=null", "b=[]"]]) {
          const task = owner.task({ labels });
          await owner.flush({ tasks: [task] });
          expect((await owner.stored(task))?.task.labels).toEqual(labels);
        }
      }),
    );

    test(
      "bytes of every value and of every size come back, and none differs from empty",
      asOwner(openFresh, async (owner) => {
        const every = Uint8Array.from({ length: 256 }, (_, i) => i);
        const large = new Uint8Array(300 * 1024).map((_, i) => i * 31);
        for (const data of [new Uint8Array(0), Uint8Array.of(0), every, large]) {
          const task = owner.task({ spec: data });
          const event = eventRow(task, owner.next(), { detail: data });
          const end = endRow(task, { detail: data, result: data });
          await owner.flush({ tasks: [task], events: [event], ends: [end] });
          expect(await owner.stored(task)).toEqual({ task, events: [event], end, sessions: [] });
        }
        const task = owner.task();
        await owner.flush({ tasks: [task], ends: [endRow(task, { detail: null, result: new Uint8Array(0) })] });
        expect((await owner.stored(task))?.end).toMatchObject({ detail: null, result: new Uint8Array(0) });
      }),
    );

    test(
      "bytes that are a part of a larger buffer are stored without the rest",
      asOwner(openFresh, async (owner) => {
        const part = bytes("before[inside]after").subarray(6, 14);
        const task = owner.task({ spec: part });
        await owner.flush({ tasks: [task], keys: [gateRow("k:p", { answer: part })], taskKeys: [0] });
        expect((await owner.stored(task))?.task.spec).toEqual(bytes("[inside]"));
        const again = await owner.flush({ tasks: [owner.task()], keys: [gateRow("k:p")], taskKeys: [0] });
        expect(again.keys[0]?.answer).toEqual(bytes("[inside]"));
      }),
    );

    test(
      "numbers keep every bit up to 2^53 − 1",
      asOwner(openFresh, async (owner) => {
        const task = owner.task({
          shard: 3,
          lane: 2 ** 32 - 1,
          seq: LARGEST,
          createdAt: LARGEST,
          runAt: LARGEST,
          expiresAt: LARGEST - 1,
          timeoutMs: 30 * 86_400_000,
          maxAttempts: 100,
        });
        const neighbour = { ...task, seq: LARGEST - 1, createdAt: LARGEST - 1 };
        const session = sessionRow(2 ** 48 - 1, { at: LARGEST });
        const event = eventRow(task, LARGEST, { session: session.session, at: LARGEST, nextAt: LARGEST - 1 });
        const end = endRow(task, { token: LARGEST, at: LARGEST, attempt: 100, reason: 23 });
        await owner.flush({ tasks: [task, neighbour], events: [event], ends: [end], sessions: [session] });
        expect(await owner.stored(task)).toEqual({ task, events: [event], end, sessions: [session] });
        expect((await owner.stored(neighbour))?.task).toEqual(neighbour);
        const heads = await owner.store.recovery.refill(owner.seg, 3, 2 ** 32 - 1, LARGEST - 2, 10, 1e6);
        expect(heads.map((head) => head.seq)).toEqual([LARGEST - 1]);
        expect(heads[0]?.createdAt).toBe(LARGEST - 1);
      }),
    );
  });
}
