import { readFileSync } from "node:fs";
import { createMetrics } from "../runtime/metrics.ts";
import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { readVersion } from "../runtime/version.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { startGateway } from "./gateway.ts";

/** The program `tss-gateway`. */
export async function main(): Promise<void> {
  await runService("tss-gateway", async ({ settings, logger }) => {
    const connection = openConnection({
      address: settings.TSS_COORDINATOR ?? "127.0.0.1:7400",
      userAgent: `tss-gateway/${readVersion()}`,
      tls: settings.TSS_TLS_CA === undefined ? undefined : { ca: readFileSync(settings.TSS_TLS_CA, "utf8") },
    });
    const metrics = createMetrics("gateway", readVersion());
    const gateway = await startGateway({
      connection,
      listen: settings.TSS_GATEWAY_LISTEN ?? "127.0.0.1:7480",
      settings,
      logger,
      metrics,
    });
    process.stdout.write(`tss-gateway listens on ${gateway.url}\n`);
    const metricsServer =
      settings.TSS_METRICS_LISTEN === undefined
        ? undefined
        : await startMetricsServer({ address: settings.TSS_METRICS_LISTEN, metrics });
    return {
      drain: () => gateway.drain(settings.TSS_DRAIN_TIMEOUT),
      stop: async () => {
        await gateway.close();
        await metricsServer?.close();
        connection.close();
      },
    };
  });
}
