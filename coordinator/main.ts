import { TssError } from "../proto/errors.ts";
import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { createTaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { boundYoungGeneration } from "../runtime/young-generation.ts";
import { startCoordinator } from "./coordinator.ts";

/** The program `tss-coordinator [--take-over]`. */
export async function main(argv: readonly string[]): Promise<void> {
  await runService("tss-coordinator", async ({ name, settings, logger }) => {
    const takeOver = readArguments(argv);
    boundYoungGeneration();
    const tracer = await createTaskTracer({ service: name, version: readVersion(), logger });
    const firstKey = { name: "first key" };
    const coordinator = await startCoordinator({ settings, logger, tracer, migrate: false, takeOver, firstKey });
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

/** Whether to take the place of a living owner. @throws TssError for anything else. */
function readArguments(argv: readonly string[]): boolean {
  const unknown = argv.find((argument) => argument !== "--take-over");
  if (unknown === undefined) return argv.length > 0;
  throw new TssError(
    "INVALID_ARGUMENT",
    `${JSON.stringify(unknown)} is no option of tss-coordinator: it knows --take-over, all else is set by TSS_* (docs/configuration.md).`,
  );
}
