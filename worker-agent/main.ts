import { EXIT } from "../runtime/exit-codes.ts";
import type { MetricsServer } from "../runtime/metrics-server.ts";
import { runService, type Service, type ServiceContext } from "../runtime/process.ts";
import { type Program, readOptions } from "../runtime/program-options.ts";
import { readSettings } from "../runtime/settings.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { createTaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { abortableWait } from "../runtime/wait.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { startAgent } from "./agent.ts";
import { checkAgent } from "./check.ts";
import { connectAgent, findIdentity } from "./connect.ts";
import { keepRenewed } from "./identity/renew.ts";
import { requireStay, watchPreemption } from "./watch-preemption.ts";

/** A coordinator that refuses the agent does so within this time; one that does not answer is waited for. */
const REFUSAL_MS = 2_000;

const CHECK = "--check";

const PROGRAM: Program = {
  name: "tss-agent",
  does: "Runs commands on this machine for a coordinator. It joins with a token, or is given a key of the role worker.",
  commands: { "join HOST:PORT --token TOKEN": "make a key of its own with a token of `tss key join`, and keep it" },
  options: { [CHECK]: "say whether it could work here, and end: 0 if it could, 1 if not" },
  settings: [
    "TSS_COORDINATOR",
    "TSS_API_KEY",
    "TSS_JOIN_TOKEN",
    "TSS_TLS_CA",
    "TSS_TLS_CLIENT_CERT",
    "TSS_TLS_CLIENT_KEY",
    "TSS_WORKER_SLOTS",
    "TSS_WORKER_QUEUES",
    "TSS_WORKER_LABELS",
    "TSS_WORKER_RESOURCES",
    "TSS_WORKER_DIR",
    "TSS_AGENT_ALLOW",
    "TSS_AGENT_USER",
    "TSS_AGENT_USERS",
    "TSS_AGENT_CONTAINMENT",
    "TSS_DRAIN_TIMEOUT",
    "TSS_PREEMPT_FILE",
    "TSS_METRICS_LISTEN",
    "TSS_LOG_LEVEL",
  ],
};

/** The program `tss-agent [--check]`: an agent as the whole of a process, until it is told to end; and `tss-agent join`. */
export async function main(argv: readonly string[]): Promise<void> {
  const [command, ...rest] = argv;
  if (command === "join" && !rest.includes("--help") && !rest.includes("-h")) {
    const { joinCommand } = await import("./identity/join-command.ts");
    return joinCommand(rest);
  }
  const options = readOptions(PROGRAM, command === "join" ? ["--help"] : argv);
  if (options === undefined) return;
  if (options.has(CHECK)) await check();
  else await runService(PROGRAM.name, start);
}

async function check(): Promise<void> {
  let settings: Settings;
  try {
    settings = readSettings();
  } catch (error) {
    process.stderr.write(`${PROGRAM.name}: ${(error as Error).message}\n`);
    process.exitCode = EXIT.settings;
    return;
  }
  for await (const { state, text } of checkAgent(settings, readVersion())) {
    process.stdout.write(`${{ ok: "ok   ", warn: "warn ", fail: "FAIL " }[state]} ${text}\n`);
    if (state === "fail") process.exitCode = EXIT.failed;
  }
}

async function start({ name, settings: given, logger, stopping }: ServiceContext): Promise<Service> {
  requireStay(given.TSS_PREEMPT_FILE);
  const version = readVersion();
  const identity = findIdentity(given);
  const { settings, inUse } = identity;
  const metricsServer = await serveMetrics(settings, version);
  const tracer = await createTaskTracer({ service: name, version, logger });
  let away: string | undefined;
  const { openSession, secrets, refused, options } = connectAgent(identity, version, logger, ({ message }) => {
    away ??= message;
  });
  const agent = await startAgent({ settings, openSession, secrets, logger, tracer, version });
  const endRenewal = inUse && keepRenewed({ inUse, open: () => openConnection(options), logger });
  const stop = async (): Promise<void> => {
    await endRenewal?.();
    await agent.close();
    await tracer.close();
    await metricsServer?.close();
  };
  try {
    // The agent works meanwhile; a wrong key is said as a failure to start and not as one of later.
    await Promise.race([refused, abortableWait(REFUSAL_MS, stopping)]);
  } catch (error) {
    await stop();
    throw error;
  }
  if (stopping.aborted) return { drain: agent.drain, stop };
  if (away === undefined)
    process.stdout.write(`${name} ${agent.name} offers its slots to ${settings.TSS_COORDINATOR}\n`);
  else process.stderr.write(`${name}: ${away} It goes on trying.\n`);
  logger.info({ agent: agent.name, coordinator: settings.TSS_COORDINATOR }, "the agent offers its slots");
  const { TSS_PREEMPT_FILE: notice, TSS_DRAIN_TIMEOUT: usualMs } = settings;
  const left = watchPreemption(notice, usualMs, logger, stopping).then(async (leftMs) => {
    if (leftMs === undefined) return new Promise<void>(() => {});
    await agent.leaveWithin(leftMs);
  });
  return { ended: Promise.race([refused, left]), drain: agent.drain, handOver: agent.handOver, stop };
}

/** What the process itself uses; of tasks and slots the coordinator tells. Most agents open no port, and load nothing for it. */
async function serveMetrics(settings: Settings, version: string): Promise<MetricsServer | undefined> {
  const address = settings.TSS_METRICS_LISTEN;
  if (address === undefined) return undefined;
  const [{ createMetrics }, { startMetricsServer }] = await Promise.all([
    import("../runtime/metrics.ts"),
    import("../runtime/metrics-server.ts"),
  ]);
  return startMetricsServer({ address, metrics: createMetrics("agent", version) });
}
