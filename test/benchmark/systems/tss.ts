import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadStorePlugin } from "../../../coordinator/plugins/registry.ts";
import { TssError } from "../../../proto/errors.ts";
import { StatsService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { encodeSubmit } from "../../../sdk/typescript/client/encode-submit.ts";
import { readSubmitAnswer } from "../../../sdk/typescript/client/read-submit-answer.ts";
import { openConnection } from "../../../sdk/typescript/connection/open-connection.ts";
import { type RunningCoordinator, startCoordinatorProcess } from "../../support/crash-system.ts";
import { until } from "../../support/until.ts";
import { CpuMeter } from "../cpu-meter.ts";
import { askWorker, type Submitter, type System } from "./system.ts";

export interface TssOptions {
  /** A fresh database; undefined: SQLite in a folder of its own. */
  readonly databaseUrl?: string;
  readonly postgresPid?: number;
  readonly slots: number;
  /** Several coordinators on one database and this Redis; absent: one, without a Redis. */
  readonly together?: { readonly coordinators: number; readonly redisUrl: string };
  /** A worker program of another language, which speaks as systems/tss-worker.ts does; absent: that one. */
  readonly worker?: { readonly name: string; readonly file: string } | undefined;
  /** Folder for CPU profiles of the coordinator and the worker. */
  readonly profile?: string | undefined;
}

/** A coordinator or several, one worker of an SDK, each a process of its own. */
export async function startTss({
  databaseUrl,
  postgresPid,
  slots,
  together,
  worker: other,
  profile,
}: TssOptions): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "tss-bench-"));
  const url = databaseUrl ?? `sqlite:${join(folder, "tss.db")}`;
  await (await loadStorePlugin(url)).migrate(url);
  const coordinators: RunningCoordinator[] = [];
  for (let at = 0; at < (together?.coordinators ?? 1); at++)
    coordinators.push(
      await startCoordinatorProcess({
        TSS_DATABASE_URL: url,
        TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
        ...(together === undefined ? {} : { TSS_REDIS_URL: together.redisUrl }),
        ...profiling(profile, "coordinator"),
      }),
    );
  const apiKey = coordinators[0]?.key ?? "";
  const addresses = coordinators.map((coordinator) => coordinator.address);
  const address = addresses.join(",");
  if (together !== undefined) await untilDivided(addresses, apiKey);
  let clients = 0;
  const env = {
    ...process.env,
    TSS_COORDINATOR: address,
    TSS_API_KEY: apiKey,
    ...(other === undefined ? profiling(profile, "worker") : {}),
  };
  const worker: ChildProcess =
    other === undefined
      ? fork(join(import.meta.dirname, "tss-worker.ts"), [String(slots)], { env })
      : spawn(other.file, [String(slots)], { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(worker, "message");
  const admin = openConnection({ address, apiKey });
  return {
    name: `TSS on ${databaseUrl === undefined ? "SQLite" : "Postgres"}${together === undefined ? "" : `, ${together.coordinators} coordinator${together.coordinators === 1 ? "" : "s"} and Redis`}${other === undefined ? "" : `, ${other.name}`}`,
    cpu: new CpuMeter({
      client: [process.pid],
      coordinator: coordinators.map((coordinator) => coordinator.process.pid ?? 0),
      worker: [worker.pid ?? 0],
      ...(databaseUrl === undefined ? {} : { postgres: [postgresPid ?? 0] }),
    }),
    client: async () => tssSubmitter(addresses[clients++ % addresses.length] as string, apiKey),
    work: (count, timed) => askWorker(worker, count, timed),
    async drained(count) {
      while (true) {
        const { counts } = await admin.service(StatsService).getOverview({});
        const left = Number(counts?.waiting ?? 0n) + Number(counts?.running ?? 0n);
        if (left === 0 && Number(counts?.succeeded ?? 0n) >= count) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async close() {
      const ended = once(worker, "exit");
      // One that is profiled exits when its parent lets go of it, and writes its profile then.
      if (profile === undefined) worker.kill("SIGKILL");
      else worker.disconnect();
      await ended;
      admin.close();
      await Promise.all(coordinators.map((coordinator) => coordinator.stop("SIGTERM")));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until each of them owns a part of the shards, and all of them every one. */
export async function untilDivided(addresses: readonly string[], apiKey: string): Promise<void> {
  const connections = addresses.map((address) => openConnection({ address, apiKey }));
  await until(
    "the shards to be divided",
    async () => {
      const infos = await Promise.all(connections.map((one) => one.service(StatsService).getServerInfo({})));
      const owned = infos.map(({ shardsOwned }) => shardsOwned);
      return owned.every((shards) => shards > 0) && owned.reduce((sum, shards) => sum + shards, 0) === 64;
    },
    30_000,
  );
  for (const connection of connections) connection.close();
}

let profiles = 0;

function profiling(folder: string | undefined, name: string): Record<string, string> {
  if (folder === undefined) return {};
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-name=${name}-${++profiles}.cpuprofile` };
}

/** A SubmitStream of its own: every message is acknowledged when its tasks are durable. */
function tssSubmitter(address: string, apiKey: string): Submitter {
  const connection = openConnection({ address, apiKey });
  const call = connection.bytes(TaskService.method.submitStream);
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  let sequence = 0;
  void (async () => {
    for await (const answer of call) {
      const { sequence: answered, results } = readSubmitAnswer(answer);
      const waiter = waiting.get(answered);
      waiting.delete(answered);
      const refusal = results instanceof TssError ? results : results.find((result) => result instanceof TssError);
      if (refusal === undefined) waiter?.resolve();
      else waiter?.reject(refusal);
    }
  })().catch(() => {});
  return {
    window: 64,
    submit: (payloads) =>
      new Promise((resolve, reject) => {
        waiting.set(++sequence, { resolve, reject });
        const tasks = payloads.map((data) => ({
          name: "noop",
          type: "noop",
          payload: { data, contentType: "application/octet-stream" },
        }));
        call.write(encodeSubmit(sequence, `${process.pid}-${Math.random()}-${sequence}`, tasks));
      }),
    async close() {
      call.end();
      connection.close();
    },
  };
}
