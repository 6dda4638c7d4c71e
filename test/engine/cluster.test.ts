import { afterEach, expect, test } from "@jest/globals";
import { Cluster } from "../../coordinator/cluster/cluster.ts";
import { ownerOf } from "../../coordinator/kernel/plan-shards.ts";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import type { Store } from "../../coordinator/ports/store.ts";
import { silentLogger } from "../../runtime/logger.ts";
import { freshDatabase } from "../support/database.ts";
import { type EngineHouse, startEngine, submit, TestWorker } from "../support/engine-house.ts";
import { until } from "../support/until.ts";

interface Node {
  readonly house: EngineHouse;
  readonly cluster: Cluster;
  readonly member: number;
  readonly store: Store;
  owned(): number[];
}

const nodes: Node[] = [];
afterEach(async () => {
  for (const { cluster, house } of nodes.splice(0)) {
    await cluster.close();
    await house.close();
  }
});

async function startNode(url: string, silentMs = 5_000): Promise<Node> {
  const store = await postgresStore.open(url, { readConnections: 2, failpoint: () => {} });
  const shared = store.shared!;
  const member = await shared.join({ name: "node", address: "node:7400", version: "5" });
  const house = await startEngine(store, {}, false, undefined, undefined, true);
  const { engine } = house;
  const cluster = new Cluster({ shared, engine, member, leases: null, logger: silentLogger, lookMs: 20, silentMs });
  const node = { house, cluster, member, store, owned: () => engine.state.shards.serving.map(({ shard }) => shard) };
  nodes.push(node);
  await cluster.start();
  return node;
}

const ALL = Array.from({ length: 64 }, (_, shard) => shard);

/** Waits until the living ones own what is theirs to have. */
async function untilDivided(living: readonly Node[]): Promise<void> {
  const members = living.map(({ member }) => member);
  const isRight = ({ member, owned }: Node) =>
    JSON.stringify(owned()) === JSON.stringify(ALL.filter((shard) => ownerOf(shard, members) === member));
  await until("every shard to be where it belongs", () => living.every(isRight));
}

test("the first owns every shard, a second takes its share, and gives it back when it leaves", async () => {
  const url = await freshDatabase();
  const a = await startNode(url);
  expect(a.owned()).toEqual(ALL);
  const b = await startNode(url);
  await untilDivided([a, b]);
  expect(a.cluster.ownerOf(b.owned()[0]!)).toMatchObject({ member: b.member, address: "node:7400" });
  await b.cluster.leave();
  await untilDivided([a]);
  await until("the other to be a member no more", () => a.cluster.view.members.length === 1);
  expect(a.cluster.view.members.map(({ member }) => member)).toEqual([a.member]);
});

test("a member that is killed is followed by the others, and what was submitted to it runs", async () => {
  const url = await freshDatabase();
  const [a, b, c] = [await startNode(url), await startNode(url), await startNode(url)];
  await untilDivided([a, b, c]);
  const ids = await submit(
    a.house,
    Array.from({ length: 100 }, () => ({ command: "x" })),
  );
  await a.cluster.close();
  await a.store.close();
  await untilDivided([b, c]);
  const workers = [new TestWorker(b.house), new TestWorker(c.house)];
  for (const worker of workers) {
    worker.succeedAll();
    worker.credit(10);
  }
  await until("every task to run", () => workers.reduce((sum, { acks }) => sum + acks.length, 0) >= 100);
  expect(workers.flatMap(({ leases }) => leases.map(({ id }) => id)).sort()).toEqual(ids.sort());
});

test("a member that is silent loses its shards and writes nothing more when it comes back", async () => {
  const url = await freshDatabase();
  const a = await startNode(url);
  // Its session stays, as that of a stopped process does.
  await a.cluster.close();
  const b = await startNode(url, 500);
  await untilDivided([b]);
  await expect(submit(a.house, [{ command: "x" }])).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(a.house.engine.state.stopped).not.toBeNull();
});
