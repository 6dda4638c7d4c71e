import { describe, expect, test } from "@jest/globals";
import { QueueService, StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Overview } from "../../proto/gen/tss/v1/stats_pb.js";
import { aborted } from "../../runtime/wait.ts";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import {
  type Node,
  ownedBy,
  ownerOf,
  shareCluster,
  startCluster,
  submitTo,
  type TestCluster,
} from "./cluster-house.ts";

/** What the dashboard shows is of all coordinators, whichever is asked. */

const hold = taskType<unknown, void>("hold");
const fail = taskType<unknown, void>("fail");

/** A worker that holds a session with each coordinator. */
function serve({ nodes, key, closers }: TestCluster): void {
  const handlers = [
    hold.handler((_input, { signal }) => aborted(signal)),
    fail.handler(() => {
      throw new Error("no such customer");
    }),
  ];
  closers.push(createWorker({ address: nodes[0]!.process.address, apiKey: key, slots: 20, handlers }));
}

const statsAt = ({ connection }: Node) => connection.service(StatsService);

/** As WatchStats begins with it. */
async function overviewAt(node: Node): Promise<Overview> {
  for await (const { frame } of statsAt(node).watchStats({})) if (frame.case === "snapshot") return frame.value;
  throw new Error("no snapshot");
}

/** The same, after a new look at what waits and runs: where looking is dear it is not done every second. */
async function lookAt(node: Node): Promise<Overview> {
  const { overview } = await statsAt(node).getOverview({});
  return overview ?? overviewAt(node);
}

const queueOf = ({ queues }: Overview, name: string) => queues.find(({ queue }) => queue === name);

/** Tasks that fail at once; their shards are those of the coordinator that gets them. */
const failAt = (node: Node, queue: string, count: number) =>
  submitTo(
    node,
    Array.from({ length: count }, () => ({ name: "x", type: "fail", queue, retry: { limit: 0 } })),
  );

async function listed(node: Node, action: string): Promise<string[]> {
  const { entries } = await statsAt(node).listActivity({ limit: 500 });
  return entries.filter((entry) => entry.action === action).map(({ subject }) => subject);
}

describe("with two coordinators", () => {
  const cluster = shareCluster(2);

  test("either shows what waits, runs, fails and ends at both, and every slot once", async () => {
    const { nodes } = cluster();
    serve(cluster());
    for (const node of nodes) {
      await submitTo(
        node,
        Array.from({ length: 3 }, () => ({ name: "x", type: "hold", queue: "held" })),
      );
      // Fewer than a rule takes for enough; together they are.
      await failAt(node, "bad", 12);
      await submitTo(node, [{ name: "x", type: "nobody", queue: "left" }]);
    }
    for (const node of nodes) {
      let seen: Overview | undefined;
      const isWhole = async () => {
        seen = await lookAt(node);
        const { totals, problems } = seen;
        const { running, ready } = totals?.states ?? {};
        const isAll = running === 6n && ready === 2n && totals?.inPerMinute === 32n && totals.outPerMinute === 24n;
        return isAll && problems.length > 0;
      };
      await until("the whole to be seen", isWhole).catch((error: Error) => {
        throw new Error(
          `${error.message}; it saw ${JSON.stringify(seen, (_, v) => (typeof v === "bigint" ? Number(v) : v))}`,
        );
      });
      const overview = seen as Overview;
      expect(overview.totals).toMatchObject({ workers: 1, slots: 20, slotsUsed: 6, inPerMinute: 32n });
      expect(overview.pools).toMatchObject([{ pool: "default", workers: 1, slots: 20, slotsUsed: 6 }]);
      expect(queueOf(overview, "held")?.states).toMatchObject({ running: 6n, ready: 0n });
      expect(queueOf(overview, "left")?.states).toMatchObject({ running: 0n, ready: 2n });
      expect(queueOf(overview, "bad")).toMatchObject({ inPerMinute: 24n, failureRatio: 1 });
      expect(overview.failures).toMatchObject([{ queue: "bad", attempts: 24n, tasks: 24n }]);
      expect(overview.problems.map(({ id }) => id)).toEqual(["failing:queue/bad"]);
      expect(await overviewAt(node)).toMatchObject({ totals: { slots: 20 }, problems: [{ code: "failing" }] });
    }
  });

  test("either answers for groups of failures, series and problems of both", async () => {
    for (const node of cluster().nodes) {
      const { groups } = await statsAt(node).listFailureGroups({});
      expect(groups).toMatchObject([{ queue: "bad", title: "no such customer", attempts: 24n, tasks: 24n }]);
      expect(groups[0]?.sampleTaskIds).toHaveLength(5);
      const { total, buckets } = await statsAt(node).getSeries({});
      expect(total?.flow).toMatchObject({ submitted: 32n, failed: 24n });
      for (const { capacity } of buckets) expect(capacity?.slots).toBeLessThanOrEqual(20);
      expect((await statsAt(node).getSeries({ queue: "bad", type: "fail" })).total?.flow?.failed).toBe(24n);
      const { problems } = await statsAt(node).listProblems({});
      expect(problems.map(({ id }) => id)).toEqual(["failing:queue/bad"]);
    }
  });

  test("either explains what keeps a queue's tasks, wherever they are", async () => {
    for (const { connection } of cluster().nodes) {
      const queues = connection.service(QueueService);
      const { explanations, summary } = await queues.explainQueue({ name: "left" });
      expect(explanations.map(({ code, tasks }) => [code, tasks])).toEqual([["no_handler", 2n]]);
      expect(summary).toBe("No worker has the handler nobody.");
      const { queue, types } = await queues.getQueue({ name: "bad" });
      expect(queue?.counts).toMatchObject({ failed: 24n });
      expect(types.map(({ type, flow }) => [type, flow?.failed])).toEqual([["fail", 24n]]);
    }
  });

  test("the activity list tells once what both see", async () => {
    const [a] = cluster().nodes as [Node, Node];
    await until("it to be told", async () => (await listed(a, "worker.joined")).length > 0);
    await until("it to be told", async () => (await listed(a, "problem.open")).length > 0);
    expect(await listed(a, "worker.joined")).toEqual(["pool/default"]);
    expect(await listed(a, "problem.open")).toEqual(["queue/bad"]);
  });
});

test("when the one that tells is killed the other goes on telling, and nothing twice", async () => {
  const cluster = await startCluster(2);
  serve(cluster);
  for (const node of cluster.nodes) await failAt(node, "one", 12);
  const teller = (await ownerOf(cluster, 0)) as Node;
  const other = cluster.nodes.find((node) => node !== teller) as Node;
  await until("the first to be told", async () => (await listed(other, "problem.open")).length === 1);
  await until("the other to know it", async () => (await overviewAt(other)).problems.length === 1);
  await teller.process.stop("SIGKILL");
  cluster.nodes.splice(cluster.nodes.indexOf(teller), 1);
  teller.connection.close();
  await until("it to own everything", async () => (await ownedBy(other)) === 64);
  // What the one that is gone had counted stays known.
  expect(queueOf(await overviewAt(other), "one")).toMatchObject({ failureRatio: 1 });
  await failAt(other, "two", 20);
  await until("the second to be told", async () => (await listed(other, "problem.open")).includes("queue/two"));
  expect(await listed(other, "problem.open")).toEqual(["queue/two", "queue/one"]);
  expect(await listed(other, "problem.close")).toEqual([]);
  const { problems } = await overviewAt(other);
  expect(problems.map(({ id }) => id).sort()).toEqual(["failing:queue/one", "failing:queue/two"]);
});

test("one that comes later knows what was counted before it came", async () => {
  const cluster = await startCluster(1);
  const [first] = cluster.nodes as [Node];
  serve(cluster);
  await failAt(first, "one", 20);
  await until("it to be told", async () => (await listed(first, "problem.open")).length === 1);
  // A bucket of 10 s that is over is in the store.
  const stored = async () =>
    (await statsAt(first).getSeries({})).buckets.some(({ complete, flow }) => complete && flow?.failed === 20n);
  await until("it to be stored", stored);
  const second = await cluster.join();
  await until("both to own shards", async () => (await ownedBy(second)) > 0);
  const { problems } = await overviewAt(second);
  expect(problems.map(({ id }) => id)).toEqual(["failing:queue/one"]);
  await until("the worker to be seen", async () => (await overviewAt(second)).totals?.slots === 20);
  expect(queueOf(await overviewAt(second), "one")).toMatchObject({ failureRatio: 1 });
  expect(await listed(second, "problem.open")).toEqual(["queue/one"]);
  expect(await listed(second, "problem.close")).toEqual([]);
});
