import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type RunningPair, startPair } from "../support/coordinator-and-gateway.ts";
import { type LiveEvent, liveStream, untilEvent } from "../support/live-stream.ts";

let pair: RunningPair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair?.stop());

const LIST = 'tasks {"limit":50}';
const SERIES = 'series {"minutes":15,"queue":""}';
const TOPICS = ["stats", LIST, "queues", SERIES];
/** The pauses between two reads of a list and of a series, s. */
const [LIST_S, SERIES_S] = [0.6, 2.5];

/** Calls of the coordinator that came in so far: every read of the store for the dashboard is one of these. */
async function calls(): Promise<number> {
  const text = await (await fetch(`http://${pair.metrics[0]}/metrics`)).text();
  const counts = [...text.matchAll(/^tss_grpc_calls_started_total\{method="[^"]*(\w+)"\} (\d+)$/gm)];
  expect(counts.length).toBeGreaterThan(0);
  return counts.reduce((sum, [, , count]) => sum + Number(count), 0);
}

/** Resolves when every topic has been told. */
async function seenAll(events: AsyncGenerator<LiveEvent>): Promise<void> {
  const left = new Set(TOPICS);
  await untilEvent(events, ({ data }) => {
    left.delete(String(data["topic"]));
    return left.size === 0;
  });
}

/** So many look at four topics while a task comes. @returns calls that were made for them, and how many could be at most. */
async function look(viewers: number): Promise<{ readonly made: number; readonly most: number }> {
  const all = Array.from({ length: viewers }, () => liveStream(pair.gateway, pair.key, { topics: TOPICS }));
  await Promise.all(all.map(seenAll));
  const [begun, before] = [performance.now(), await calls()];
  const answer = await fetch(`${pair.gateway}/task/submit`, {
    method: "POST",
    headers: { authorization: `Bearer ${pair.key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "looked at", command: "true" }),
  });
  const { id } = (await answer.json()) as { id: string };
  await Promise.all(all.map((events) => untilEvent(events, ({ data }) => data.rows?.[id] !== undefined)));
  const made = (await calls()) - before;
  const seconds = (performance.now() - begun) / 1_000;
  await Promise.all(all.map((events) => events.return(undefined)));
  // A submit, which reads its task back, and the reads that the pauses allow: two lists, a series; and one of each that begins.
  return { made, most: 2 + 2 * (Math.floor(seconds / LIST_S) + 1) + Math.floor(seconds / SERIES_S) + 1 };
}

test("five hundred who look cost the coordinator, and with it the store, no more reads than one", async () => {
  const one = await look(1);
  const many = await look(500);
  expect(one.made).toBeGreaterThan(1);
  expect(many.made).toBeGreaterThan(1);
  expect([one.made <= one.most, many.made <= many.most, one, many]).toEqual([true, true, one, many]);
  // Far below what each of them asking for itself would take.
  expect(many.made).toBeLessThan(500);
});
