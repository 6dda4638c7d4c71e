import { expect, test } from "@jest/globals";
import { QueueService, StatsService, WorkerRegistryService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import { type Node, ownedBy, startCluster, submitTo, type TestCluster } from "./cluster-house.ts";

const work = taskType<unknown, void>("work");

/** A worker that runs everything at once; gives the ids of what it ran. */
function serve({ key, closers }: TestCluster, { process: { address } }: Node): string[] {
  const ran: string[] = [];
  closers.push(
    createWorker({
      address,
      apiKey: key,
      slots: 4,
      handlers: [work.handler((_input, task) => void ran.push(task.id))],
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

test("a search finds the same at any coordinator, also among what runs, which only its owner knows", async () => {
  const { nodes, key, closers } = await startCluster(2);
  const address = nodes.map(({ process }) => process.address).join(",");
  const holds = work.handler(
    (_input, task) => new Promise((resolve) => task.signal.addEventListener("abort", () => resolve())),
  );
  closers.push(createWorker({ address, apiKey: key, slots: 8, handlers: [holds] }));
  const payload = (of: string) => ({ data: Buffer.from(JSON.stringify({ of })), contentType: "application/json" });
  for (const [at, node] of nodes.entries())
    await submitTo(node, [
      { name: `meant ${at}`, type: "work", payload: payload("us") },
      { name: `theirs ${at}`, type: "work", payload: payload("them") },
      { name: "left out", type: "work", payload: payload("us") },
    ]);
  const status = [TaskStatus.RUNNING];
  const listAt = async ({ connection }: Node, more: object) =>
    (await connection.service(TaskService).listTasks({ status, ...more })).tasks.map(({ name }) => name).sort();
  for (const node of nodes) {
    await until("all to run", async () => (await listAt(node, {})).length === 6);
    expect(await listAt(node, { args: ["of=us"], notName: ["left out"] })).toEqual(["meant 0", "meant 1"]);
    expect(await listAt(node, { notArgs: ["of=us"], waitedUnder: { seconds: 600n } })).toEqual([
      "theirs 0",
      "theirs 1",
    ]);
    expect(await listAt(node, { waitedOver: { seconds: 600n } })).toEqual([]);
    expect(await listAt(node, { status: [], args: ["of=them"] })).toEqual(["theirs 0", "theirs 1"]);
  }
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
  const cluster = await startCluster(2);
  const { nodes } = cluster;
  const [a, b] = nodes as [Node, Node];
  await b.connection.service(QueueService).pauseQueue({ name: "slow", note: "wait" });
  await submitTo(a, [{ name: "x", type: "work", queue: "slow" }]);
  const queueAt = async ({ connection }: Node) =>
    (await connection.service(QueueService).listQueues({})).queues.find(({ name }) => name === "slow");
  await until("the pause to be known", async () => (await queueAt(a))?.paused === true);
  const ran = serve(cluster, a);
  const others = serve(cluster, b);
  await until("both workers to be seen", async () => {
    const lists = await Promise.all(
      nodes.map(({ connection }) => connection.service(WorkerRegistryService).listWorkers({})),
    );
    return lists.every(({ workers: seen }) => seen.length === 4);
  });
  expect([...ran, ...others]).toEqual([]);
  await b.connection.service(QueueService).limitQueue({ name: "slow", limit: 3 });
  await until("the limit to be known", async () => (await queueAt(a))?.limit === 3);
  expect(await queueAt(a)).toMatchObject({ paused: true, pauseNote: "wait" });
  await b.connection.service(QueueService).resumeQueue({ name: "slow" });
  await until("the task to run", () => ran.length + others.length === 1);
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
  const cluster = await startCluster(3);
  const { nodes } = cluster;
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
  await until("one to own everything", async () => (await ownedBy(c)) === 64, 60_000);
  const ran = serve(cluster, c);
  await until("every task to run", () => ran.length >= ids.length);
  expect(ran.sort()).toEqual(ids.sort());
  const { counts } = await c.connection.service(StatsService).getOverview({});
  expect(counts).toMatchObject({ waiting: 0n, failed: 0n });
});
