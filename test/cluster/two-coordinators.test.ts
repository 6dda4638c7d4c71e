import { afterEach, expect, test } from "@jest/globals";
import { QueueService, StatsService, WorkerRegistryService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { createWorker, taskType, type Worker } from "../../sdk/typescript/index.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";

interface Node {
  readonly process: RunningCoordinator;
  readonly connection: Connection;
}

const work = taskType("work");

const running: RunningCoordinator[] = [];
const connections: Connection[] = [];
const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close(0)));
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(running.splice(0).map((coordinator) => coordinator.stop("SIGTERM")));
});

/** As many coordinators as asked for, on one database and the Redis of the tests; each owns some shards. */
async function startCluster(count: number): Promise<{ readonly nodes: Node[]; readonly key: string }> {
  const settings = {
    TSS_DATABASE_URL: await freshDatabase(),
    TSS_REDIS_URL: process.env["TSS_TEST_REDIS_URL"]!,
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    TSS_OWNER_TTL: "2s",
  };
  const nodes: Node[] = [];
  let key = "";
  for (let at = 0; at < count; at++) {
    const coordinator = await startCoordinatorProcess(settings);
    running.push(coordinator);
    key ||= coordinator.key ?? "";
    const connection = openConnection({ address: coordinator.address, apiKey: key });
    connections.push(connection);
    nodes.push({ process: coordinator, connection });
  }
  await until("the shards to be divided", async () => {
    const owned = await Promise.all(nodes.map((node) => ownedBy(node)));
    return owned.every((shards) => shards > 0) && owned.reduce((sum, shards) => sum + shards, 0) === 64;
  });
  return { nodes, key };
}

async function ownedBy({ connection }: Node): Promise<number> {
  return (await connection.service(StatsService).getServerInfo({})).shardsOwned;
}

async function submitTo({ connection }: Node, tasks: object[]): Promise<string[]> {
  const { results } = await connection.service(TaskService).submitTasks({ tasks } as never);
  return results.map(({ result }) => {
    if (result.case === "id") return result.value;
    throw new Error(`refused: ${result.value?.message}`);
  });
}

function serve({ process: { address } }: Node, apiKey: string): string[] {
  const ran: string[] = [];
  workers.push(
    createWorker({
      address,
      apiKey,
      slots: 4,
      handlers: [
        work.handler((_input, task) => {
          ran.push(task.id);
        }),
      ],
    }),
  );
  return ran;
}

test("any coordinator answers for every task, whoever owns it", async () => {
  const { nodes } = await startCluster(2);
  const [a, b] = nodes as [Node, Node];
  const [id = ""] = await submitTo(a, [{ name: "of a", type: "work" }]);
  const there = b.connection.service(TaskService);
  expect((await there.getTask({ id })).task).toMatchObject({ id, name: "of a", status: TaskStatus.WAITING });
  expect((await there.listTasks({})).tasks.map((task) => task.id)).toEqual([id]);
  expect((await there.explainTask({ id })).explanations.map(({ code }) => code)).toEqual(["no_worker"]);
  const { results } = await there.cancelTasks({ ids: [id, "nonsense"] });
  expect(results[0]).toMatchObject({ changed: true, result: { case: "task" } });
  expect(results[1]?.result.case).toBe("error");
  expect((await a.connection.service(TaskService).getTask({ id })).task?.status).toBe(TaskStatus.CANCELLED);
  const again = await there.retryTasks({ ids: [id], requestId: "again" });
  const repeated = await a.connection.service(TaskService).retryTasks({ ids: [id], requestId: "again" });
  const made = (answer: typeof again) => answer.results[0]?.result.case === "task" && answer.results[0].result.value.id;
  expect(made(again)).toBeTruthy();
  expect(made(repeated)).toBe(made(again));
});

test("a key makes one task, whichever coordinators it is sent to", async () => {
  const { nodes } = await startCluster(2);
  const tasks = Array.from({ length: 40 }, (_, at) => ({ name: `k${at}`, type: "work", idempotencyKey: `key-${at}` }));
  const [first, second] = await Promise.all(
    nodes.map((node) => submitTo(node, [...tasks, { name: "free", type: "work" }])),
  );
  expect(first?.slice(0, 40)).toEqual(second?.slice(0, 40));
  expect(first?.[40]).not.toBe(second?.[40]);
  for (const { connection } of nodes) {
    const { counts } = await connection.service(StatsService).getOverview({});
    expect(counts).toMatchObject({ waiting: 42n });
  }
});

test("a queue that is paused at one stands still at all, and workers of all are listed", async () => {
  const { nodes, key } = await startCluster(2);
  const [a, b] = nodes as [Node, Node];
  await b.connection.service(QueueService).pauseQueue({ name: "slow", note: "wait" });
  await submitTo(a, [{ name: "x", type: "work", queue: "slow" }]);
  const queueAt = async ({ connection }: Node) =>
    (await connection.service(QueueService).listQueues({})).queues.find(({ name }) => name === "slow");
  await until("the pause to be known", async () => (await queueAt(a))?.paused === true);
  const ran = serve(a, key);
  serve(b, key);
  await until("both workers to be seen", async () => {
    const lists = await Promise.all(
      nodes.map(({ connection }) => connection.service(WorkerRegistryService).listWorkers({})),
    );
    return lists.every(({ workers: seen }) => seen.length === 2);
  });
  expect(ran).toEqual([]);
  await b.connection.service(QueueService).resumeQueue({ name: "slow" });
  await until("the task to run", () => ran.length === 1);
});

test("a watch sees what changes anywhere", async () => {
  const { nodes } = await startCluster(2);
  const [a, b] = nodes as [Node, Node];
  const stop = new AbortController();
  const seen = new Set<string>();
  const watching = (async () => {
    for await (const { task } of a.connection.service(TaskService).watchTasks({}, { signal: stop.signal }))
      if (task !== undefined) seen.add(task.name);
  })().catch(() => {});
  let round = 0;
  await until("both to be seen", async () => {
    await submitTo(a, [{ name: "from a", type: `t${round}` }]);
    await submitTo(b, [{ name: "from b", type: `t${round++}` }]);
    return seen.size === 2;
  });
  stop.abort();
  await watching;
});

test("a coordinator that is stopped in good order hands over; one that is killed is followed; nothing is lost", async () => {
  const { nodes, key } = await startCluster(3);
  const [a, b, c] = nodes as [Node, Node, Node];
  const ids = (
    await Promise.all(
      nodes.map((node) =>
        submitTo(
          node,
          Array.from({ length: 30 }, () => ({ name: "x", type: "work" })),
        ),
      ),
    )
  ).flat();
  await a.process.stop("SIGTERM");
  await until("two to own everything", async () => (await ownedBy(b)) + (await ownedBy(c)) === 64);
  b.process.stop("SIGKILL");
  await until("one to own everything", async () => (await ownedBy(c)) === 64, 30_000);
  const ran = serve(c, key);
  await until("every task to run", () => ran.length >= ids.length);
  expect(ran.sort()).toEqual(ids.sort());
  const { counts } = await c.connection.service(StatsService).getOverview({});
  expect(counts).toMatchObject({ waiting: 0n, failed: 0n });
});
