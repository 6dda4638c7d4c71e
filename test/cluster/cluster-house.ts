import { afterAll, afterEach, beforeAll, jest } from "@jest/globals";
import pg from "pg";
import { StatsService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { openConnection } from "../../sdk/typescript/connection/open-connection.ts";
import type { Connection, ConnectionOptions } from "../../sdk/typescript/connection-types.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../support/crash-system.ts";
import { freshSystem } from "../support/database.ts";
import { until } from "../support/until.ts";

export interface Node {
  readonly process: RunningCoordinator;
  readonly connection: Connection;
}

export interface TestCluster {
  /** One more coordinator, at the address of one that is gone or at a new one; it answers, its shards come later. */
  join(listen?: string): Promise<Node>;
  readonly nodes: Node[];
  readonly key: string;
  /** Address of the database they share. */
  readonly database: string;
  /** Closed before the coordinators end. */
  readonly closers: { close(graceMs?: number): Promise<void> }[];
}

// Each test starts processes of its own, and most let one of them go.
jest.setTimeout(180_000);

const clusters: TestCluster[] = [];
afterEach(() => close(clusters));

async function close(opened: TestCluster[]): Promise<void> {
  for (const { nodes, closers } of opened.splice(0)) {
    await Promise.all(closers.map((closer) => closer.close(0)));
    for (const { connection } of nodes) connection.close();
    await Promise.all(nodes.map(({ process }) => process.stop("SIGTERM")));
  }
}

/** One cluster for all tests of a group. */
export function shareCluster(count: number): () => TestCluster {
  const opened: TestCluster[] = [];
  beforeAll(() => startCluster(count, opened).then(() => {}));
  afterAll(() => close(opened));
  return () => opened[0] as TestCluster;
}

/**
 * As many coordinators as asked for, on one database and the Redis of the tests; each owns some shards.
 * @param more settings beside those of every test.
 */
export async function startCluster(
  count: number,
  opened = clusters,
  more: Record<string, string> = {},
  tls?: ConnectionOptions["tls"],
): Promise<TestCluster> {
  const settings = {
    TSS_DATABASE_URL: await freshSystem(),
    TSS_REDIS_URL: process.env["TSS_TEST_REDIS_URL"]!,
    // Who is killed is known by its session; a machine with more to do than it can must not look like a stopped process.
    TSS_OWNER_TTL: "15s",
    TSS_LOG_LEVEL: "warn",
    ...more,
  };
  const nodes: Node[] = [];
  const cluster = {
    nodes,
    key: "",
    database: settings.TSS_DATABASE_URL,
    closers: [],
    async join(listen = "127.0.0.1:0"): Promise<Node> {
      const coordinator = await startCoordinatorProcess({ ...settings, TSS_COORDINATOR_LISTEN: listen });
      cluster.key ||= coordinator.key ?? "";
      const connection = openConnection({
        address: coordinator.address,
        apiKey: cluster.key,
        tls,
      } as ConnectionOptions);
      const node = { process: coordinator, connection };
      nodes.push(node);
      return node;
    },
  };
  opened.push(cluster);
  for (let at = 0; at < count; at++) await cluster.join();
  await untilDivided(nodes);
  return cluster;
}

/** Waits until these coordinators own every shard, each some. */
export async function untilDivided(nodes: readonly Node[]): Promise<void> {
  let owned: number[] = [];
  const isDivided = async () => {
    owned = await Promise.all(nodes.map((node) => ownedBy(node)));
    return owned.every((shards) => shards > 0) && owned.reduce((sum, shards) => sum + shards, 0) === 64;
  };
  await until("the shards to be divided", isDivided, 60_000).catch((error: Error) => {
    const said = nodes.map(({ process }) => process.output()).join("");
    throw new Error(`${error.message}; they own ${owned.join(", ")} and said: ${said}`);
  });
}

/** Shards that it owns now; 0 while it does not answer. */
export async function ownedBy({ connection }: Node): Promise<number> {
  const asked = connection.service(StatsService).getServerInfo({});
  return asked.then(
    ({ shardsOwned }) => shardsOwned,
    () => 0,
  );
}

/** Of these, the one that owns a shard by the database; undefined: none of them. */
export async function ownerOf({ database, nodes }: TestCluster, shard: number): Promise<Node | undefined> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const text = "SELECT address FROM tss_shard JOIN tss_member USING (member) WHERE shard = $1";
  const { rows } = await client.query(text, [shard]).finally(() => client.end());
  return nodes.find(({ process }) => process.address === rows[0]?.address);
}

export async function submitTo({ connection }: Node, tasks: object[]): Promise<string[]> {
  const { results } = await connection.service(TaskService).submitTasks({ tasks } as never);
  return results.map(({ result }) => {
    if (result.case === "id") return result.value;
    throw new Error(`refused: ${result.value?.message}`);
  });
}
