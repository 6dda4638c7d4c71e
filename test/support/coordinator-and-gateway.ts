import { startCoordinatorProcess } from "./crash-system.ts";
import { freePort } from "./free-port.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { freshSqlite } from "./sqlite-database.ts";

export interface RunningPair {
  readonly key: string;
  readonly coordinator: string;
  /** http://host:port */
  readonly gateway: string;
  /** Addresses of `/metrics`, of the coordinator and of the gateway. */
  readonly metrics: readonly [string, string];
  stop(): Promise<void>;
}

/** The programs tss-coordinator, on SQLite, and tss-gateway, each with its metrics. */
export async function startPair(settings: Readonly<Record<string, string>> = {}): Promise<RunningPair> {
  const metrics = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`] as const;
  const coordinator = await startCoordinatorProcess({
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    TSS_METRICS_LISTEN: metrics[0],
  });
  const gateway = await startGatewayProcess({
    TSS_COORDINATOR: coordinator.address,
    TSS_METRICS_LISTEN: metrics[1],
    ...settings,
  });
  return {
    key: coordinator.key ?? "",
    coordinator: coordinator.address,
    gateway: gateway.url,
    metrics,
    async stop() {
      await gateway.stop();
      await coordinator.stop("SIGTERM");
    },
  };
}
