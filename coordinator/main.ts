import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { startCoordinator } from "./coordinator.ts";

/** The program `tss-coordinator`. */
export async function main(): Promise<void> {
  await runService("tss-coordinator", async ({ settings, logger }) => {
    const coordinator = await startCoordinator({ settings, logger, migrate: false, firstKey: { name: "first key" } });
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
        await metrics?.close();
      },
    };
  });
}
