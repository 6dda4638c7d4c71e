import { type Coordinator, startCoordinator } from "../coordinator/coordinator.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { TssError } from "../proto/errors.ts";
import { armFailpoints } from "../runtime/failpoint.ts";
import { createLogger } from "../runtime/logger.ts";
import { openServiceManager } from "../runtime/service-manager.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { shownUrl } from "../runtime/shown-url.ts";
import { createTaskTracer, type TaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { boundYoungGeneration } from "../runtime/young-generation.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import type { Connection } from "../sdk/typescript/connection-types.ts";
import { type Agent, startAgent } from "../worker-agent/agent.ts";
import { connectAgent } from "../worker-agent/connect.ts";
import { type DevKey, findKey, keepKey, proveKey } from "./dev-key.ts";
import { withMasterKey } from "./dev-master-key.ts";
import { showFirstTask, submitFirstTask } from "./first-task.ts";

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
  refuseTls(settings);
  armFailpoints(settings.TSS_FAILPOINT);
  boundYoungGeneration();
  const logger = createLogger(settings.TSS_LOG_LEVEL);
  const manager = openServiceManager(process.env, logger);
  const stopping = nextSignal();
  const stop = new AbortController();
  void stopping.then(() => stop.abort());
  const tracers = await Promise.all(
    ["tss-coordinator", "tss-gateway", "tss-agent"].map((service) =>
      createTaskTracer({ service, version: readVersion(), logger }),
    ),
  );
  const [tracer, gatewayTracer, agentTracer] = tracers as [TaskTracer, TaskTracer, TaskTracer];
  const kept = findKey(settings);
  const coordinator = await startCoordinator({
    settings: withMasterKey(settings),
    logger,
    tracer,
    migrate: true,
    // Who has lost the key of a folder owns the folder all the same.
    firstKey: { name: "key of tss dev", ttlMs: KEY_TTL_MS, besideOthers: kept === undefined },
  });
  const running: Running = {
    coordinator,
    gatewayTracer,
    agentTracer,
    gateway: undefined,
    agent: undefined,
    close: [],
  };
  try {
    const { client, firstTask } = await startRest(settings, kept, io, logger, running, stop.signal);
    manager.ready(`dashboard and REST at ${running.gateway?.url}`);
    void showFirstTask(client, firstTask, io.stdout, stop.signal);
    await Promise.race([stopping, coordinator.ended]);
    manager.stopping("running tasks finish, nothing new starts");
    io.stdout.write("\nDraining: running tasks finish, nothing new starts. Ctrl-C again ends them.\n");
    const hurried = nextSignal();
    await Promise.race([drain(settings, running), hurried]);
  } finally {
    await closeAll(running);
    await Promise.all(tracers.map((each) => each.close()));
    manager.close();
  }
}

/** Its parts speak to each other in this process; who wants TLS wants the programs. @throws TssError FAILED_PRECONDITION */
function refuseTls(settings: Settings): void {
  const { TSS_TLS_CERT, TSS_TLS_KEY, TSS_TLS_CLIENT_CA } = settings;
  if ((TSS_TLS_CERT ?? TSS_TLS_KEY ?? TSS_TLS_CLIENT_CA) === undefined) return;
  throw new TssError(
    "FAILED_PRECONDITION",
    "tss dev is for this machine and speaks plaintext: unset TSS_TLS_CERT, TSS_TLS_KEY and TSS_TLS_CLIENT_CA, or run tss-coordinator, tss-gateway and tss-agent for TLS.",
    { reason: "NO_TLS_HERE" },
  );
}

interface Running {
  readonly coordinator: Coordinator;
  readonly gatewayTracer: TaskTracer;
  readonly agentTracer: TaskTracer;
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
  stopping: AbortSignal,
): Promise<{ client: Connection; firstTask: Promise<string> }> {
  const { coordinator } = running;
  // One of the two is there: without a kept key the coordinator has made one.
  const key = coordinator.firstKey === undefined ? (kept as DevKey) : keepKey(settings, coordinator.firstKey.key);
  const { apiKey } = key;
  const local: Settings = {
    ...settings,
    TSS_COORDINATOR: coordinator.address,
    TSS_API_KEY: apiKey,
    TSS_TLS_CA: undefined,
    TSS_TLS_CLIENT_CERT: undefined,
    TSS_TLS_CLIENT_KEY: undefined,
  };
  const client = openConnection({ address: coordinator.address, apiKey });
  running.close.push(() => client.close());
  await proveKey(client, key);
  const firstTask = submitFirstTask(client, stopping);
  const forGateway = openConnection({ address: coordinator.address, userAgent: `tss-gateway/${readVersion()}` });
  running.close.push(() => forGateway.close());
  running.gateway = await startGateway({
    connection: forGateway,
    listen: settings.TSS_GATEWAY_LISTEN ?? "127.0.0.1:7480",
    // Who is signed in stays so over a restart: the key is kept as long.
    settings: { ...settings, TSS_SESSION_SECRET: settings.TSS_SESSION_SECRET ?? apiKey },
    logger,
    tracer: running.gatewayTracer,
    metrics: coordinator.metrics,
  });
  // It waits before the agent comes, or a free slot goes to what an earlier start left. Who shows it tells its error.
  await firstTask.catch(() => undefined);
  const { openSession, secrets } = connectAgent({ settings: local, inUse: undefined }, readVersion(), logger);
  running.agent = await startAgent({
    settings: local,
    openSession,
    secrets,
    logger,
    tracer: running.agentTracer,
    version: readVersion(),
  });
  io.stdout.write(greeting(settings, running, key));
  return { client, firstTask };
}

function greeting(settings: Settings, { coordinator, gateway, agent }: Running, key: DevKey): string {
  const { place, apiKey, isNew } = key;
  return [
    `TSS ${readVersion()} is running. Ctrl-C stops it; the tasks are kept.`,
    `  gateway      ${gateway?.url}`,
    `  dashboard    ${gateway?.url}/ (tss ui opens it signed in)`,
    `  coordinator  ${coordinator.address}`,
    `  database     ${shownUrl(settings.TSS_DATABASE_URL)}`,
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
