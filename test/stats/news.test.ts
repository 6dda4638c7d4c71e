import { expect, test } from "@jest/globals";
import type { ActivityRow } from "../../coordinator/ports/stats-store.ts";
import { ACTIVITY, type Told } from "../../coordinator/stats/activity-log.ts";
import { News } from "../../coordinator/stats/news.ts";
import { until } from "../support/until.ts";

/** One coordinator, and the list that all of them write. */
function coordinator(list: Told[], shared = true) {
  let monotonic = 0;
  let serves = false;
  const stored = list.map((told) => ({ ...told, detail: JSON.stringify(told.detail ?? {}) }) as unknown as ActivityRow);
  let fails = 0;
  const state = {
    shared,
    clock: { monotonic: () => monotonic, now: () => 1_000_000 },
    shards: { find: () => (serves ? { phase: "serving" } : undefined) },
  };
  const noted: Told[] = [];
  const activity = {
    note: (told: Told) => void noted.push(told),
    read: async () => {
      if (fails-- > 0) throw new Error("the store is away");
      return stored;
    },
  };
  const news = new News(state as never, activity as never);
  return {
    news,
    noted,
    own: (yes: boolean) => (serves = yes),
    fail: (times: number) => (fails = times),
    pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        monotonic += 1_000;
        news.turn();
      }
    },
  };
}

const problem = (subject: string, action = "problem.open"): Told => ({
  ...{
    kind: ACTIVITY.problem,
    action,
    subject,
    summary: "It is bad.",
    detail: { code: "failing", severity: "critical" },
  },
});
const joined = (workers: string): Told => ({
  ...{ kind: ACTIVITY.worker, action: "worker.joined", subject: "pool/default", summary: "They came." },
  detail: { workers },
});

test("one that is alone tells at once", () => {
  const { news, noted } = coordinator([], false);
  news.note(problem("queue/a"));
  expect([news.isHost, noted.length]).toEqual([true, 1]);
});

test("of several, one that is not to tell keeps it; who takes over tells what is not in the list", async () => {
  const { news, noted, own, pass } = coordinator([problem("queue/a"), joined("w1, w2")]);
  for (const told of [problem("queue/a"), problem("queue/b"), joined("w2"), joined("w3")]) news.note(told);
  pass(1);
  expect([news.isHost, noted]).toEqual([false, []]);
  own(true);
  pass(2);
  // What the one before had on its way is waited for.
  expect(noted).toEqual([]);
  pass(1);
  await until("it to tell", () => noted.length === 2);
  expect(noted).toEqual([problem("queue/b"), joined("w3")]);
  news.note(problem("queue/b", "problem.close"));
  expect(noted).toHaveLength(3);
  own(false);
  pass(1);
  news.note(problem("queue/c"));
  expect(noted).toHaveLength(3);
});

test("a list that cannot be read is read again, and what is kept too long is not told any more", async () => {
  const { news, noted, own, fail, pass } = coordinator([]);
  news.note(problem("queue/old"));
  pass(61);
  news.note(problem("queue/new"));
  own(true);
  fail(2);
  await until("it to tell", () => {
    pass(1);
    return noted.length > 0;
  });
  expect(noted).toEqual([problem("queue/new")]);
});
