import { describe, expect, test } from "@jest/globals";
import { BULK_SHARD } from "../../coordinator/operations/bulk/bulk-host.ts";
import { type Bulk, BulkAction, BulkPhase, BulkService } from "../../proto/gen/tss/v1/bulk_service_pb.js";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { aborted } from "../../runtime/wait.ts";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import { type Node, ownerOf, shareCluster, startCluster, submitTo } from "./cluster-house.ts";

const { CANCEL, RETRY } = BulkAction;
const jobsAt = ({ connection }: Node) => connection.service(BulkService);

/** As many tasks nobody runs, in messages of 250: each goes to a shard of its own. */
async function fill(nodes: readonly Node[], queue: string, count: number): Promise<string[]> {
  const sent: Promise<string[]>[] = [];
  for (let left = count, at = 0; left > 0; left -= 250, at++) {
    const tasks = Array.from({ length: Math.min(left, 250) }, () => ({ name: "x", type: "nobody", queue }));
    sent.push(submitTo(nodes[at % nodes.length] as Node, tasks));
  }
  return (await Promise.all(sent)).flat();
}

const get = async (node: Node, id: string) => (await jobsAt(node).getBulk({ id })).bulk as Bulk;

async function become(node: Node, id: string, phase: BulkPhase): Promise<Bulk> {
  await until(`phase ${BulkPhase[phase]}`, async () => (await get(node, id)).phase === phase, 60_000);
  return get(node, id);
}

async function prepare(node: Node, action: BulkAction, queue: string, ...status: TaskStatus[]): Promise<string> {
  const { bulk } = await jobsAt(node).prepareBulk({ action, filter: { queue, status } });
  await become(node, bulk?.id ?? "", BulkPhase.READY);
  return bulk?.id ?? "";
}

async function idsOf({ connection }: Node, queue: string, status: TaskStatus) {
  const ids: string[] = [];
  let cursor = "";
  do {
    const page = await connection
      .service(TaskService)
      .listTasks({ queue, status: [status], limit: LIMITS.pageSize, cursor });
    ids.push(...page.tasks.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== "");
  return ids.sort();
}

describe("with two coordinators", () => {
  const cluster = shareCluster(2);

  test("any coordinator begins, shows and stops a job, which reaches the tasks of all", async () => {
    const { nodes } = cluster();
    const [a, b] = nodes as [Node, Node];
    for (const [here, there, queue] of [
      [a, b, "at-a"],
      [b, a, "at-b"],
    ] as const) {
      const tasks = await fill(nodes, queue, 700);
      const id = await prepare(here, CANCEL, queue);
      expect(await get(there, id)).toMatchObject({ total: 700, done: 0 });
      expect((await jobsAt(here).runBulk({ id, delay: { seconds: 60n } })).bulk?.phase).toBe(BulkPhase.PENDING);
      expect((await jobsAt(there).stopBulk({ id })).bulk).toMatchObject({ phase: BulkPhase.STOPPED, done: 0 });
      expect(await idsOf(here, queue, TaskStatus.WAITING)).toHaveLength(700);

      const again = await prepare(there, CANCEL, queue);
      expect((await jobsAt(here).runBulk({ id: again })).changed).toBe(true);
      const ended = await become(there, again, BulkPhase.DONE);
      expect(ended).toMatchObject({ total: 700, done: 700, changed: 700, refused: 0 });
      expect(await idsOf(there, queue, TaskStatus.CANCELLED)).toEqual(tasks.sort());
    }
    const listed = await Promise.all(nodes.map((node) => jobsAt(node).listBulks({})));
    expect(listed.map(({ bulks }) => bulks.length)).toEqual([4, 4]);

    const retry = await prepare(a, RETRY, "at-b");
    await jobsAt(b).runBulk({ id: retry });
    expect(await become(a, retry, BulkPhase.DONE)).toMatchObject({ done: 700, changed: 700, refused: 0 });
    expect(await idsOf(b, "at-b", TaskStatus.WAITING)).toHaveLength(700);

    const [one = "", two = ""] = [
      await idsOf(a, "at-a", TaskStatus.CANCELLED),
      await idsOf(a, "at-b", TaskStatus.WAITING),
    ].map(([first]) => first);
    const { bulk } = await jobsAt(b).prepareBulk({ action: CANCEL, ids: [one, two, "nonsense"] });
    await become(a, bulk?.id ?? "", BulkPhase.READY);
    await jobsAt(a).runBulk({ id: bulk?.id ?? "" });
    expect(await become(b, bulk?.id ?? "", BulkPhase.DONE)).toMatchObject({ done: 3, changed: 1, refused: 1 });
  });

  test("what runs is listed at any coordinator, whoever owns it, and a job ends all of it", async () => {
    const { nodes, key, closers } = cluster();
    const [a, b] = nodes as [Node, Node];
    const hold = taskType<unknown, void>("hold");
    const handler = hold.handler((_input, { signal }) => aborted(signal));
    closers.push(createWorker({ address: a.process.address, apiKey: key, slots: 20, handlers: [handler] }));
    const sent: string[] = [];
    for (let round = 0; round < 3; round++)
      for (const node of nodes) sent.push(...(await submitTo(node, [{ name: "x", type: "hold", queue: "held" }])));
    await fill(nodes, "held", 10);
    await until("all to run", async () => (await idsOf(b, "held", TaskStatus.RUNNING)).length === 6);
    expect(await idsOf(a, "held", TaskStatus.RUNNING)).toEqual(sent.sort());
    const tasks = a.connection.service(TaskService);
    const pages: string[] = [];
    for (let cursor = "", first = true; first || cursor !== ""; first = false) {
      const page = await tasks.listTasks({ status: [TaskStatus.RUNNING], limit: 4, cursor });
      pages.push(...page.tasks.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(pages.sort()).toEqual(sent);

    const id = await prepare(b, CANCEL, "held", TaskStatus.RUNNING);
    await jobsAt(a).runBulk({ id });
    expect(await become(b, id, BulkPhase.DONE)).toMatchObject({ total: 6, done: 6, changed: 6 });
    await until("them to end", async () => (await idsOf(a, "held", TaskStatus.CANCELLED)).length === 6);
    expect(await idsOf(b, "held", TaskStatus.WAITING)).toHaveLength(10);
  });
});

test("when its coordinator is killed, and another whose tasks it is at, it is done to its end and its counts are exact", async () => {
  const cluster = await startCluster(3);
  const tasks = await fill(cluster.nodes, "mass", 4_000);
  await fill(cluster.nodes, "later", 30);
  const hostOf = async () => {
    let host: Node | undefined;
    await until("somebody to carry jobs out", async () => {
      host = await ownerOf(cluster, BULK_SHARD);
      return host !== undefined;
    });
    return host as Node;
  };
  const kill = async (node: Node) => {
    await node.process.stop("SIGKILL");
    cluster.nodes.splice(cluster.nodes.indexOf(node), 1);
    node.connection.close();
  };
  const first = await hostOf();
  const asked = cluster.nodes.find((node) => node !== first) as Node;
  const id = await prepare(asked, CANCEL, "mass");
  // One that somebody still looks at before it is run.
  const open = (await jobsAt(asked).prepareBulk({ action: CANCEL, filter: { queue: "later" } })).bulk?.id ?? "";
  await jobsAt(asked).runBulk({ id, perSecond: 1_000 });
  await until("some to be done", async () => (await get(asked, id)).done >= 1_000);
  await kill(first);

  await until("it to go on", async () => (await get(asked, id)).done >= 2_000, 60_000);
  const second = await hostOf();
  expect(await become(second, open, BulkPhase.READY)).toMatchObject({ total: 30 });
  const third = cluster.nodes.find((node) => node !== second) as Node;
  await kill(third);
  const ended = await become(second, id, BulkPhase.DONE);
  expect(ended).toMatchObject({ total: 4_000, done: 4_000, changed: 4_000, refused: 0, problem: "" });
  expect(await idsOf(second, "mass", TaskStatus.CANCELLED)).toEqual(tasks.sort());
  await jobsAt(second).runBulk({ id: open });
  expect(await become(second, open, BulkPhase.DONE)).toMatchObject({ total: 30, changed: 30 });
  await until("one to own everything", async () => {
    const { counts } = await second.connection.service(StatsService).getOverview({});
    return counts?.cancelled === 4_030n && counts.waiting === 0n;
  });
});
