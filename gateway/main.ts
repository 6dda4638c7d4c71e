import { createMetrics } from "../runtime/metrics.ts";
import { startMetricsServer } from "../runtime/metrics-server.ts";
import { runService } from "../runtime/process.ts";
import { type Program, readOptions } from "../runtime/program-options.ts";
import { clientTlsOf } from "../runtime/tls/client-tls.ts";
import { openTls, tlsFilesOf } from "../runtime/tls/tls-files.ts";
import { createTaskTracer } from "../runtime/tracing.ts";
import { readVersion } from "../runtime/version.ts";
import { connectionOptionsOf } from "../sdk/typescript/connection/local-connection.ts";
import { openConnection } from "../sdk/typescript/connection/open-connection.ts";
import { startGateway } from "./gateway.ts";

const PROGRAM: Program = {
  name: "tss-gateway",
  does: "Serves REST, Connect, gRPC-web and the dashboard for a coordinator. Each call carries its caller's key.",
  settings: [
    "TSS_COORDINATOR",
    "TSS_GATEWAY_LISTEN",
    "TSS_GATEWAY_RATE",
    "TSS_CORS_ORIGINS",
    "TSS_TLS_CA",
    "TSS_TLS_CLIENT_CERT",
    "TSS_TLS_CLIENT_KEY",
    "TSS_TLS_CERT",
    "TSS_TLS_KEY",
    "TSS_METRICS_LISTEN",
    "TSS_LOG_LEVEL",
  ],
};

/** The program `tss-gateway`. */
export async function main(argv: readonly string[]): Promise<void> {
  if (readOptions(PROGRAM, argv) === undefined) return;
  await runService(PROGRAM.name, async ({ name, settings, logger }) => {
    const { TSS_TLS_CERT, TSS_TLS_KEY } = settings;
    const tlsFiles = tlsFilesOf({ TSS_TLS_CERT, TSS_TLS_KEY });
    const tracer = await createTaskTracer({ service: name, version: readVersion(), logger });
    const connection = openConnection({
      ...connectionOptionsOf({
        address: settings.TSS_COORDINATOR,
        ...clientTlsOf(settings),
        onTlsProblem: (sentence) => logger.error({}, sentence),
      }),
      userAgent: `tss-gateway/${readVersion()}`,
    });
    const metrics = createMetrics("gateway", readVersion());
    const gateway = await startGateway({
      connection,
      listen: settings.TSS_GATEWAY_LISTEN ?? "127.0.0.1:7480",
      settings,
      logger,
      tracer,
      tls: tlsFiles === undefined ? undefined : openTls(tlsFiles, logger),
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
        await tracer.close();
        await metricsServer?.close();
        connection.close();
      },
    };
  });
}
