import { expect, test } from "@jest/globals";
import type { Session } from "../../coordinator/engine/session.ts";
import { WorkerNews } from "../../coordinator/stats/worker-news.ts";

const worker = (name: string, pool?: string): Session =>
  ({ id: `w_${name}`, info: { name, labels: pool === undefined ? {} : { pool } }, draining: false }) as never;

test("a worker that said that it would go has left; one whose lease ended before was lost", () => {
  const news = new WorkerNews();
  const [good, bad] = [worker("good"), worker("bad")];
  expect(news.look([good, bad], 10_000).map(({ summary }) => summary)).toEqual(["2 workers joined pool default."]);
  good.draining = true;
  expect(news.look([], 20_000).map(({ action, summary }) => [action, summary])).toEqual([
    ["worker.left", "Worker good left pool default."],
    ["worker.lost", "Worker bad was lost from pool default."],
  ]);
  expect(news.look([], 30_000)).toEqual([]);
});

test("many at once are one entry for each pool", () => {
  const news = new WorkerNews();
  const all = [worker("a", "gpu"), worker("b", "gpu"), worker("c")];
  news.look(all, 10_000);
  // Asked again within the time, it gathers on.
  expect(news.look([], 15_000)).toEqual([]);
  expect(news.look([], 20_000).map(({ summary, detail }) => [summary, detail?.["workers"]])).toEqual([
    ["2 workers were lost from pool gpu.", "a, b"],
    ["Worker c was lost from pool default.", "c"],
  ]);
});
