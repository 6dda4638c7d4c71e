import { expect, test } from "@jest/globals";
import { StatsService, WorkerRegistryService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { createWorker, taskType } from "../../sdk/typescript/index.ts";
import { until } from "../support/until.ts";
import { type Node, ownedBy, startCluster, submitTo, untilDivided } from "./cluster-house.ts";

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
  await until("every task to run", () => ran.length >= ids.length, 60_000);
  expect(ran.sort()).toEqual(ids.sort());
});

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
  await until("every slot to be taken by the tasks of one coordinator", () => now >= 6, 60_000);
  gate.resolve();
  const counts = async () => (await cluster.nodes[1]!.connection.service(StatsService).getOverview({})).counts;
  await until("all to end", async () => (await counts())?.succeeded === 50n, 60_000);
  // What comes beyond them, because an offer to the other crossed it on its way, is not run.
  expect(most).toBe(6);
});

test("a worker that an operator drains at one coordinator takes nothing more from any", async () => {
  const cluster = await startCluster(2);
  const [a, b] = cluster.nodes as [Node, Node];
  const serve = (name: string): string[] => {
    const ran: string[] = [];
    const handlers = [work.handler((_input, { id }) => void ran.push(id))];
    cluster.closers.push(createWorker({ name, address: a.process.address, apiKey: cluster.key, slots: 4, handlers }));
    return ran;
  };
  const drained = serve("drained");
  const registry = a.connection.service(WorkerRegistryService);
  const sessions = async () => (await registry.listWorkers({})).workers;
  await until("it to be known to both", async () => (await sessions()).length === 2);
  await until("it to work for both", async () => {
    await Promise.all([submitTo(a, tasks(1)), submitTo(b, tasks(1))]);
    return drained.length > 10;
  });
  await registry.drainWorker({ sessionId: (await sessions())[0]!.sessionId });
  await until("nothing of it to run or to be wanted", async () =>
    (await sessions()).every(({ running, credit }) => running + credit === 0),
  );
  const before = drained.length;
  const other = serve("other");
  const ids = (await Promise.all([submitTo(a, tasks(20)), submitTo(b, tasks(20))])).flat();
  await until("every task to run", () => ids.every((id) => other.includes(id)));
  expect(drained).toHaveLength(before);
});

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
  await until("all to run", () => starts.size === 45, 60_000);
  const [killed, stopped, left] = cluster.nodes;
  void killed!.process.stop("SIGKILL");
  await until(
    "the two to own everything",
    async () => (await ownedBy(stopped!)) + (await ownedBy(left!)) === 64,
    60_000,
  );
  await stopped!.process.stop("SIGTERM");
  await until("the last to own everything", async () => (await ownedBy(left!)) === 64, 60_000);
  gate.resolve();
  const counts = async () => (await left!.connection.service(StatsService).getOverview({})).counts!;
  await until("every result to count", async () => (await counts()).succeeded === 45n, 60_000);
  expect(await counts()).toMatchObject({ waiting: 0n, running: 0n, failed: 0n });
  expect([...starts.keys()].sort()).toEqual(ids.sort());
  expect([...starts.values()].filter((count) => count > 1)).toEqual([]);
});

test("nothing is started twice and nothing is lost, under load, whatever coordinators die, leave and come", async () => {
  const cluster = await startCluster(3);
  const starts = new Map<string, number>();
  let stopped = 0;
  const gate = Promise.withResolvers<void>();
  const start = (id: string) => void starts.set(id, (starts.get(id) ?? 0) + 1);
  cluster.closers.push(
    createWorker({
      address: cluster.nodes.map(({ process: { address } }) => address).join(","),
      apiKey: cluster.key,
      slots: 60,
      handlers: [
        work.handler((_input, { id }) => start(id)),
        taskType<unknown, void>("long").handler(async (_input, { id, signal }) => {
          start(id);
          signal.addEventListener("abort", () => stopped++);
          await gate.promise;
        }),
      ],
    }),
  );
  const [a, b, c] = cluster.nodes as [Node, Node, Node];
  const ids = (
    await Promise.all([a, b, c].map((node) => submitTo(node, tasks(15, { type: "long", retry: { limit: 3 } }))))
  ).flat();
  await until("all to run", () => starts.size === 45, 60_000);

  let living = [a, b, c];
  let feeding = true;
  const feed = async (turn: number): Promise<void> => {
    while (feeding) {
      const node = living[turn++ % living.length] as Node;
      // A coordinator that has just gone accepts nothing: that is the sender's to know.
      const accepted = await submitTo(node, tasks(20, { retry: { limit: 3 } })).catch(() => []);
      ids.push(...accepted);
    }
  };
  const feeders = [feed(0), feed(1)];
  const fed = async () => {
    const before = ids.length;
    await until("more to be accepted", () => ids.length > before + 500, 60_000);
  };
  const without = async (node: Node, signal: "SIGKILL" | "SIGTERM") => {
    await fed();
    living = living.filter((one) => one !== node);
    await node.process.stop(signal);
    await untilDivided(living);
  };
  const one = async () => {
    living = [...living, await cluster.join()];
    await untilDivided(living);
    await fed();
  };
  await without(a, "SIGKILL");
  await one();
  await without(b, "SIGTERM");
  await without(living.at(-1) as Node, "SIGKILL");
  await one();
  await without(c, "SIGKILL");
  await fed();
  feeding = false;
  await Promise.all(feeders);
  gate.resolve();
  const [last] = living as [Node];
  const counts = async () => (await last.connection.service(StatsService).getOverview({})).counts!;
  await until("every result to count", async () => (await counts()).succeeded >= BigInt(ids.length), 60_000);
  await until("nothing to wait or run", async () => {
    const { waiting, running } = await counts();
    return waiting + running === 0n;
  });
  expect(await counts()).toMatchObject({ failed: 0n });
  expect(ids.filter((id) => starts.get(id) !== 1)).toEqual([]);
  expect([...starts].filter(([, count]) => count > 1)).toEqual([]);
  expect(stopped).toBe(0);
}, 180_000);

test("the only one of several that may come, killed and started again: what runs goes on, and nothing is started twice", async () => {
  const cluster = await startCluster(1);
  const [first] = cluster.nodes as [Node];
  const starts: string[] = [];
  let stopped = 0;
  const gate = Promise.withResolvers<void>();
  const long = work.handler(async (_input, { id, signal }) => {
    starts.push(id);
    signal.addEventListener("abort", () => stopped++);
    await gate.promise;
  });
  const { address } = first.process;
  cluster.closers.push(createWorker({ address, apiKey: cluster.key, slots: 20, handlers: [long] }));
  const ids = await submitTo(first, tasks(15, { retry: { limit: 2 } }));
  await until("all to run", () => starts.length === 15);
  await first.process.stop("SIGKILL");
  const again = await cluster.join(address);
  await untilDivided([again]);
  // What it owns it has to read before it takes more.
  await until(
    "it to take more",
    () =>
      submitTo(again, tasks(5)).then(
        (more) => ids.push(...more) > 0,
        () => false,
      ),
    60_000,
  );
  await until("the worker to be back", () => starts.length >= 20, 60_000);
  gate.resolve();
  const counts = async () => (await again.connection.service(StatsService).getOverview({})).counts!;
  await until("every result to count", async () => (await counts()).succeeded === 20n, 60_000);
  expect(starts.sort()).toEqual(ids.sort());
  expect(stopped).toBe(0);
}, 180_000);
