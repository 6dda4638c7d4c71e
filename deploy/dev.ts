import { type Coordinator, startCoordinator } from "../coordinator/coordinator.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { armFailpoints } from "../runtime/failpoint.ts";
import { createLogger } from "../runtime/logger.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { createTaskTracer, type TaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { type Agent, startAgent } from "../worker-agent/agent.ts";
import { connectAgent } from "../worker-agent/connect.ts";
import { type DevKey, findKey, keepKey, proveKey } from "./dev-key.ts";
import { runFirstTask } from "./first-task.ts";

export interface DevIo {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Its own machine is a year safe with the key that never leaves it. */
const KEY_TTL_MS = 365 * 86_400_000;

/**
 * The whole system in this process: coordinator, gateway and one agent on one database. Resolves when Ctrl-C or SIGTERM has
 * drained it; a second signal ends it at once.
 */
export async function runDev(settings: Settings, io: DevIo): Promise<void> {
  armFailpoints(settings.TSS_FAILPOINT);
  const logger = createLogger(settings.TSS_LOG_LEVEL);
  const stopping = nextSignal();
  const tracers = await Promise.all(
    ["tss-coordinator", "tss-agent"].map((service) => createTaskTracer({ service, version: readVersion(), logger })),
  );
  const [tracer, agentTracer] = tracers as [TaskTracer, TaskTracer];
  const kept = findKey(settings);
  const coordinator = await startCoordinator({
    settings,
    logger,
    tracer,
    migrate: true,
    // Who has lost the key of a folder owns the folder all the same.
    firstKey: { name: "key of tss dev", ttlMs: KEY_TTL_MS, besideOthers: kept === undefined },
  });
  const running: Running = { coordinator, tracer: agentTracer, gateway: undefined, agent: undefined, close: [] };
  try {
    await startRest(settings, kept, io, logger, running);
    await Promise.race([stopping, coordinator.ended]);
    io.stdout.write("\nDraining: running tasks finish, nothing new starts. Ctrl-C again ends them.\n");
    const hurried = nextSignal();
    await Promise.race([drain(settings, running), hurried]);
  } finally {
    await closeAll(running);
    await Promise.all(tracers.map((each) => each.close()));
  }
}

interface Running {
  readonly coordinator: Coordinator;
  /** For the agent. */
  readonly tracer: TaskTracer;
  gateway: Gateway | undefined;
  agent: Agent | undefined;
  readonly close: (() => void)[];
}

async function startRest(
  settings: Settings,
  kept: DevKey | undefined,
  io: DevIo,
  logger: ReturnType<typeof createLogger>,
  running: Running,
): Promise<void> {
  const { coordinator } = running;
  // One of the two is there: without a kept key the coordinator has made one.
  const key = coordinator.firstKey === undefined ? (kept as DevKey) : keepKey(settings, coordinator.firstKey.key);
  const { apiKey } = key;
  const local: Settings = { ...settings, TSS_COORDINATOR: coordinator.address, TSS_API_KEY: apiKey };
  const client = openConnection({ address: coordinator.address, apiKey });
  running.close.push(() => client.close());
  await proveKey(client, key);
  const forGateway = openConnection({ address: coordinator.address, userAgent: `tss-gateway/${readVersion()}` });
  running.close.push(() => forGateway.close());
  running.gateway = await startGateway({
    connection: forGateway,
    listen: settings.TSS_GATEWAY_LISTEN ?? "127.0.0.1:7480",
    // Who is signed in stays so over a restart: the key is kept as long.
    settings: { ...settings, TSS_SESSION_SECRET: settings.TSS_SESSION_SECRET ?? apiKey },
    logger,
    metrics: coordinator.metrics,
  });
  const { openSession, close } = connectAgent(local, readVersion(), logger);
  running.close.push(close);
  running.agent = await startAgent({
    settings: local,
    openSession,
    logger,
    tracer: running.tracer,
    version: readVersion(),
  });
  io.stdout.write(greeting(settings, running, key));
  await runFirstTask(client, io.stdout);
}

function greeting(settings: Settings, { coordinator, gateway, agent }: Running, key: DevKey): string {
  const { place, apiKey, isNew } = key;
  return [
    `TSS ${readVersion()} is running. Ctrl-C stops it; the tasks are kept.`,
    `  gateway      ${gateway?.url}`,
    `  dashboard    ${gateway?.url}/ (tss ui opens it signed in)`,
    `  coordinator  ${coordinator.address}`,
    `  database     ${settings.TSS_DATABASE_URL.replace(/^(\w+:\/\/[^:@/]*):[^@]*@/, "$1:…@")}`,
    `  agent        ${agent?.name}`,
    `  API key      ${isNew ? `${apiKey} (kept in ${place})` : `kept in ${place}`}`,
    "",
  ].join("\n");
}

/** The next SIGINT or SIGTERM. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const heard = () => {
      process.off("SIGINT", heard);
      process.off("SIGTERM", heard);
      resolve();
    };
    process.on("SIGINT", heard);
    process.on("SIGTERM", heard);
  });
}

/** In the order of the work: no more requests, no more leases, then the owner. */
async function drain(settings: Settings, { gateway, agent, coordinator }: Running): Promise<void> {
  await Promise.all([gateway?.drain(2_000), agent?.drain()]);
  await coordinator.drain(Math.min(settings.TSS_DRAIN_TIMEOUT, 2_000));
}

async function closeAll({ gateway, agent, coordinator, close }: Running): Promise<void> {
  await agent?.close();
  await gateway?.close();
  await coordinator.close();
  for (const end of close) end();
}
