import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { createTaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { startCoordinator } from "./coordinator.ts";

/** The program `tss-coordinator`. */
export async function main(): Promise<void> {
  await runService("tss-coordinator", async ({ name, settings, logger }) => {
    const tracer = await createTaskTracer({ service: name, version: readVersion(), logger });
    const firstKey = { name: "first key" };
    const coordinator = await startCoordinator({ settings, logger, tracer, migrate: false, firstKey });
    if (coordinator.firstKey !== undefined)
      process.stdout.write(`The first API key, shown this once: ${coordinator.firstKey.key}\n`);
    process.stdout.write(`tss-coordinator listens on ${coordinator.address}\n`);
    const metrics =
      settings.TSS_METRICS_LISTEN === undefined
        ? undefined
        : await startMetricsServer({ address: settings.TSS_METRICS_LISTEN, metrics: coordinator.metrics });
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
