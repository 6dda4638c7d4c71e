import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import type { State } from "../../gateway/live/source.ts";
import { nothingSent, stateFrame } from "../../gateway/live/state-frame.ts";
import { StatsParts } from "../../gateway/live/stats-source.ts";
import { OverviewSchema, StatsDeltaSchema } from "../../proto/gen/tss/v1/stats_pb.js";

const snapshot = create(OverviewSchema, {
  verdict: { sentence: "All is well." },
  totals: { inPerMinute: 3n, finishedByMinute: [1, 2] },
  queues: [
    { queue: "mail", inPerMinute: 1n, finishedByMinute: [1] },
    { queue: "old", inPerMinute: 2n },
  ],
  pools: [{ pool: "default", slots: 4 }],
  problems: [{ id: "a" }],
  marks: [{ id: 7n, summary: "seven" }],
  storeOk: true,
});

function part(parts: StatsParts, name: string): unknown {
  const { rows } = parts.state() as Extract<State, { kind: "rows" }>;
  const text = rows.get(name);
  return text === undefined ? undefined : JSON.parse(text);
}

test("a delta changes what it names and leaves the rest", () => {
  const parts = new StatsParts();
  parts.begin(snapshot);
  parts.change(
    create(StatsDeltaSchema, {
      totals: { inPerMinute: 4n },
      queues: [{ queue: "mail", inPerMinute: 5n }],
      removedQueues: ["old"],
      removedPools: ["default"],
      marks: [
        { id: 7n, summary: "seven" },
        { id: 8n, summary: "eight" },
      ],
    }),
  );
  expect(part(parts, "verdict")).toEqual({ sentence: "All is well." });
  expect(part(parts, "totals")).toEqual({ inPerMinute: "4" });
  // Minutes that were not sent are as they were.
  expect(part(parts, "spark")).toEqual([1, 2]);
  expect(part(parts, "queue/mail")).toEqual({ queue: "mail", inPerMinute: "5" });
  expect(part(parts, "spark/mail")).toEqual([1]);
  expect(part(parts, "queue/old")).toBeUndefined();
  expect(part(parts, "pool/default")).toBeUndefined();
  expect(part(parts, "problems")).toEqual([{ id: "a" }]);
  expect(part(parts, "marks")).toEqual([
    { id: "7", summary: "seven" },
    { id: "8", summary: "eight" },
  ]);
  expect(part(parts, "store-ok")).toBe(false);
  parts.change(create(StatsDeltaSchema, { problemsChanged: true }));
  expect(part(parts, "problems")).toEqual([]);
});

test("a snapshot begins anew", () => {
  const parts = new StatsParts();
  parts.begin(snapshot);
  parts.begin(create(OverviewSchema, { storeOk: true }));
  expect((parts.state() as Extract<State, { kind: "rows" }>).order.filter((name) => name.includes("/"))).toEqual([]);
});

test("a browser is sent what has changed, and an order only when it has", () => {
  const parts = new StatsParts();
  parts.begin(snapshot);
  const sent = nothingSent();
  const frame = () => JSON.parse(stateFrame("stats", parts.state(), sent).split("data: ")[1] ?? "");
  const first = frame();
  expect(Object.keys(first.rows)).toEqual(first.order);
  parts.change(create(StatsDeltaSchema, { storeOk: true, queues: [{ queue: "mail", inPerMinute: 9n }] }));
  const next = frame();
  expect([Object.keys(next.rows), next.order]).toEqual([["queue/mail"], undefined]);
  parts.change(create(StatsDeltaSchema, { storeOk: true, removedQueues: ["old"] }));
  expect(frame().order).not.toContain("queue/old");
});
