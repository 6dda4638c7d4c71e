import { StatsService, WorkerRegistryService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Run } from "./ledger.ts";
import type { Part, System } from "./system.ts";

/** What the coordinators say of themselves, of workers and of tasks. */

/** Shards that a coordinator owns; 0 while it does not answer. */
export async function shardsOf({ clientOf }: System, coordinator: Part): Promise<{ owned: number; all: number }> {
  const asked = clientOf(coordinator).connection.service(StatsService).getServerInfo({}, { timeoutMs: 2_000 });
  return asked.then(
    ({ shardsOwned: owned, shards: all }) => ({ owned, all }),
    () => ({ owned: 0, all: 64 }),
  );
}

/** Whether the process that an agent is now has sessions with every coordinator. */
export async function isConnected({ client }: System, { name, program }: Part): Promise<boolean> {
  const { workers } = await client.connection.service(WorkerRegistryService).listWorkers({});
  const own = workers.filter(({ info }) => info?.name === name.replace(" ", "-") && info.pid === program.pid);
  return own.length >= 2;
}

/**
 * What an agent that is stopped holds: the tasks its sessions name, and those it has begun that have not ended. What it runs
 * of a shard that has just moved is of no session for a moment.
 */
export async function heldBy({ client }: System, { name }: Part, runs: readonly Run[]): Promise<readonly string[]> {
  const registry = client.connection.service(WorkerRegistryService);
  const { workers } = await registry.listWorkers({});
  const own = workers.filter(({ info }) => info?.name === name.replace(" ", "-"));
  const sessions = await Promise.all(own.map(({ sessionId }) => registry.getWorker({ sessionId })));
  const named = sessions.flatMap(({ worker }) => worker?.taskIds ?? []);
  const begun = new Set(runs.filter(({ agent }) => agent === name.replace(" ", "-")).map(({ id }) => id));
  const tasks = client.connection.service(TaskService);
  const found = await Promise.all([...begun].map((id) => tasks.getTask({ id })));
  return [...named, ...found.flatMap(({ task }) => (task?.endedAt === undefined ? (task?.id ?? []) : []))];
}

export interface Counts {
  readonly succeeded: number;
  /** Failed and cancelled. */
  readonly failed: number;
  readonly open: number;
}

export async function countTasks({ client }: System): Promise<Counts> {
  const { counts } = await client.connection.service(StatsService).getOverview({});
  const { waiting = 0n, running = 0n, succeeded = 0n, failed = 0n, cancelled = 0n } = counts ?? {};
  return { succeeded: Number(succeeded), failed: Number(failed + cancelled), open: Number(waiting + running) };
}
