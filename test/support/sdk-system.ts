import {
  type Client,
  type ClientOptions,
  createClient,
  createWorker,
  type Worker,
  type WorkerOptions,
} from "../../sdk/typescript/index.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "./crash-system.ts";
import { freshSqlite } from "./sqlite-database.ts";

export interface SdkSystem {
  readonly coordinator: RunningCoordinator;
  readonly address: string;
  readonly apiKey: string;
  client(options?: ClientOptions): Client;
  worker(options: WorkerOptions): Worker;
  close(): Promise<void>;
}

/** A coordinator as a program of its own, on SQLite, and clients and workers of it that are closed with it. */
export async function startSdkSystem(settings: Readonly<Record<string, string>> = {}): Promise<SdkSystem> {
  const coordinator = await startCoordinatorProcess({
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    ...settings,
  });
  const { address, key: apiKey = "" } = coordinator;
  const closers: (() => Promise<void>)[] = [];
  return {
    coordinator,
    address,
    apiKey,
    client(options = {}) {
      const client = createClient({ address, apiKey, ...options });
      closers.push(() => client.close());
      return client;
    },
    worker(options) {
      const worker = createWorker({ address, apiKey, ...options });
      closers.push(() => worker.close(0));
      return worker;
    },
    async close() {
      for (const close of closers.reverse()) await close();
      await coordinator.stop("SIGTERM");
    },
  };
}
