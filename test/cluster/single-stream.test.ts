import { expect, test } from "@jest/globals";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import { until } from "../support/until.ts";
import { type Node, ownedBy, startCluster, submitTo, type TestCluster } from "./cluster-house.ts";
import { SingleStreamWorker } from "./single-stream-worker.ts";

const tasks = (count: number) =>
  Array.from({ length: count }, () => ({ name: "x", type: "work", retry: { limit: 3 } }));

/** A worker as of a language without a library: one stream, to whichever of the coordinators answers. */
function serve({ key, closers }: TestCluster, nodes: readonly Node[], slots: number): SingleStreamWorker {
  const address = nodes.map(({ process }) => process.address).join(",");
  const connection = openConnection({ address, apiKey: key });
  const worker = new SingleStreamWorker(connection, slots);
  closers.push({
    async close() {
      await worker.close();
      connection.close();
    },
  });
  return worker;
}

async function firstAttempts({ connection }: Node, ids: readonly string[]): Promise<boolean> {
  const all = await Promise.all(ids.map((id) => connection.service(TaskService).waitTask({ id })));
  return all.every(({ task }) => task?.status === TaskStatus.SUCCEEDED && task.attempt === 1);
}

test("a worker with one stream works for every coordinator", async () => {
  const cluster = await startCluster(3);
  const worker = serve(cluster, cluster.nodes.slice(0, 1), 4);
  worker.finishAll();
  const ids = (await Promise.all(cluster.nodes.map((node) => submitTo(node, tasks(50))))).flat();
  await until("every task to run", () => worker.accepted.length >= ids.length, 60_000);
  expect([...worker.accepted].sort()).toEqual(ids.sort());
});

test("what it runs goes on when another coordinator is killed, and when its own leaves: nothing is started twice", async () => {
  const cluster = await startCluster(3);
  const [first, second, third] = cluster.nodes as [Node, Node, Node];
  const worker = serve(cluster, [first, third], 60);
  const ids = (await Promise.all(cluster.nodes.map((node) => submitTo(node, tasks(15))))).flat();
  await until("all to run", () => worker.starts.size === 45, 60_000);
  await second.process.stop("SIGKILL");
  await until("two to own everything", async () => (await ownedBy(first)) + (await ownedBy(third)) === 64, 60_000);
  await first.process.stop("SIGTERM");
  await until("one to own everything", async () => (await ownedBy(third)) === 64, 60_000);
  worker.finishAll();
  expect(await firstAttempts(third, ids)).toBe(true);
  expect([...worker.starts.values()].every((starts) => starts === 1)).toBe(true);
});

test("it goes on with what it runs when a second coordinator comes, and then works for both", async () => {
  const cluster = await startCluster(1);
  const [first] = cluster.nodes as [Node];
  const worker = serve(cluster, [first], 30);
  const ids = await submitTo(first, tasks(20));
  await until("all to run", () => worker.starts.size === 20);
  const second = await cluster.join();
  await until("both to own some", async () => (await ownedBy(second)) > 0 && (await ownedBy(first)) < 64, 60_000);
  ids.push(...(await submitTo(second, tasks(10))));
  await until("those of the second to run", () => worker.starts.size === 30, 60_000);
  worker.finishAll();
  expect(await firstAttempts(first, ids)).toBe(true);
  expect([...worker.starts.values()].every((starts) => starts === 1)).toBe(true);
  const { counts } = await second.connection.service(StatsService).getOverview({});
  expect(counts).toMatchObject({ running: 0n, waiting: 0n, failed: 0n });
});
