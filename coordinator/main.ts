import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { type Program, readOptions } from "../runtime/program-options.ts";
import { createTaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { boundYoungGeneration } from "../runtime/young-generation.ts";
import { startCoordinator } from "./coordinator.ts";

const TAKE_OVER = "--take-over";

const PROGRAM: Program = {
  name: "tss-coordinator",
  does: "Owns the queue: accepts tasks, leases them to workers and records how they end.",
  options: { [TAKE_OVER]: "take the place of an owner of the database that cannot be stopped" },
  settings: [
    "TSS_DATABASE_URL",
    "TSS_COORDINATOR_LISTEN",
    "TSS_TLS_CERT",
    "TSS_TLS_KEY",
    "TSS_TLS_CLIENT_CA",
    "TSS_METRICS_LISTEN",
    "TSS_LOG_LEVEL",
  ],
};

/** The program `tss-coordinator [--take-over]`. */
export async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(PROGRAM, argv);
  if (options === undefined) return;
  const takeOver = options.has(TAKE_OVER);
  await runService(PROGRAM.name, async ({ name, settings, logger }) => {
    boundYoungGeneration();
    const tracer = await createTaskTracer({ service: name, version: readVersion(), logger });
    const firstKey = { name: "first key" };
    const coordinator = await startCoordinator({
      settings,
      logger,
      tracer,
      migrate: false,
      standBy: !takeOver,
      takeOver,
      firstKey,
    });
    if (coordinator.firstKey !== undefined)
      process.stdout.write(`The first API key, shown this once: ${coordinator.firstKey.key}\n`);
    const listens = () => process.stdout.write(`tss-coordinator listens on ${coordinator.address}\n`);
    const standby = coordinator.standingBy();
    if (standby === undefined) listens();
    else {
      process.stdout.write(`${standby}\n`);
      void coordinator.serving.then(listens);
    }
    const metrics =
      settings.TSS_METRICS_LISTEN === undefined
        ? undefined
        : await startMetricsServer({
            address: settings.TSS_METRICS_LISTEN,
            metrics: coordinator.metrics,
            problem: coordinator.standingBy,
          });
    return {
      ended: coordinator.ended,
      drain: async () => coordinator.drain(settings.TSS_DRAIN_TIMEOUT),
      stop: async () => {
        await coordinator.close();
        await tracer.close();
        await metrics?.close();
      },
    };
  });
}
