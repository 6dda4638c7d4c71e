import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import { ownedBy, startCluster, submitTo } from "./cluster-house.ts";

const work = taskType<unknown, void>("work");
const tasks = (count: number, more: object = {}) =>
  Array.from({ length: count }, () => ({ name: "x", type: "work", ...more }));

test("a worker that knows one coordinator works for all of them", async () => {
  const cluster = await startCluster(3);
  const ran: string[] = [];
  cluster.closers.push(
    createWorker({
      address: cluster.nodes[0]!.process.address,
      apiKey: cluster.key,
      slots: 3,
      handlers: [work.handler((_input, task) => void ran.push(task.id))],
    }),
  );
  const ids = (await Promise.all(cluster.nodes.map((node) => submitTo(node, tasks(100))))).flat();
  await until("every task to run", () => ran.length >= ids.length, 30_000);
  expect(ran.sort()).toEqual(ids.sort());
}, 90_000);

test("no more run at a time than there are slots, and no slot stays idle while one coordinator has work", async () => {
  const cluster = await startCluster(2);
  let [now, most] = [0, 0];
  const gate = Promise.withResolvers<void>();
  cluster.closers.push(
    createWorker({
      address: cluster.nodes.map(({ process: { address } }) => address).join(","),
      apiKey: cluster.key,
      slots: 6,
      handlers: [
        work.handler(async () => {
          most = Math.max(most, ++now);
          await gate.promise;
          now--;
        }),
      ],
    }),
  );
  await submitTo(cluster.nodes[0]!, tasks(50));
  await until("every slot to be taken by the tasks of one coordinator", () => now >= 6, 30_000);
  gate.resolve();
  const counts = async () => (await cluster.nodes[1]!.connection.service(StatsService).getOverview({})).counts;
  await until("all to end", async () => (await counts())?.succeeded === 50n, 30_000);
  // One offer to each other coordinator may cross a lease on its way.
  expect(most).toBeLessThanOrEqual(7);
}, 90_000);

test("what runs goes on when its coordinator is killed or leaves: its result counts, and nothing is started twice", async () => {
  const cluster = await startCluster(3);
  const starts = new Map<string, number>();
  const gate = Promise.withResolvers<void>();
  cluster.closers.push(
    createWorker({
      address: cluster.nodes.map(({ process: { address } }) => address).join(","),
      apiKey: cluster.key,
      slots: 60,
      handlers: [
        work.handler(async (_input, task) => {
          starts.set(task.id, (starts.get(task.id) ?? 0) + 1);
          await gate.promise;
        }),
      ],
    }),
  );
  const ids = (
    await Promise.all(cluster.nodes.map((node) => submitTo(node, tasks(15, { retry: { limit: 3 } }))))
  ).flat();
  await until("all to run", () => starts.size === 45, 30_000);
  const [killed, stopped, left] = cluster.nodes;
  void killed!.process.stop("SIGKILL");
  await until(
    "the two to own everything",
    async () => (await ownedBy(stopped!)) + (await ownedBy(left!)) === 64,
    30_000,
  );
  await stopped!.process.stop("SIGTERM");
  await until("the last to own everything", async () => (await ownedBy(left!)) === 64, 30_000);
  gate.resolve();
  const counts = async () => (await left!.connection.service(StatsService).getOverview({})).counts!;
  await until("every result to count", async () => (await counts()).succeeded === 45n, 30_000);
  expect(await counts()).toMatchObject({ waiting: 0n, running: 0n, failed: 0n });
  expect([...starts.keys()].sort()).toEqual(ids.sort());
  expect([...starts.values()].filter((count) => count > 1)).toEqual([]);
}, 120_000);
