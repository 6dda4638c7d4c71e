import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { makeWorkerUtils } from "graphile-worker";
import pg from "pg";
import { CpuMeter } from "../cpu-meter.ts";
import { askWorker, type System } from "./system.ts";

export interface GraphileOptions {
  readonly databaseUrl: string;
  readonly postgresPid: number;
  /** Its documented fast setting (a local queue of 500, completions batched), or what it does when nothing is set. */
  readonly setting: "fast" | "defaults";
}

/** graphile-worker: jobs in Postgres, one worker process. */
export async function startGraphile({ databaseUrl, postgresPid, setting }: GraphileOptions): Promise<System> {
  const utils = await makeWorkerUtils({ connectionString: databaseUrl });
  await utils.migrate();
  await utils.release();
  const worker = fork(join(import.meta.dirname, "graphile-worker.ts"), [databaseUrl, setting], {
    env: { ...process.env, NODE_ENV: "production", GRAPHILE_LOGGER_DEBUG: "" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(worker, "message");
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  const count = async () => Number((await pool.query("SELECT count(*) FROM graphile_worker.jobs")).rows[0].count);
  return {
    name: `graphile-worker, ${setting}`,
    cpu: new CpuMeter({ client: [process.pid], worker: [worker.pid ?? 0], postgres: [postgresPid] }),
    async client() {
      const own = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: 10 });
      return {
        // One message of its own takes one connection of its pool of 10.
        window: 10,
        async submit(payloads) {
          const jobs = payloads.map((payload) => ({
            identifier: "noop",
            payload: Buffer.from(payload).toString("base64"),
          }));
          if (jobs.length === 1) await own.addJob("noop", jobs[0]?.payload);
          else await own.addJobs(jobs);
        },
        close: async () => own.release(),
      };
    },
    work: (total, timed) => askWorker(worker, total, timed),
    async drained() {
      while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    async close() {
      const ended = once(worker, "exit");
      worker.kill("SIGTERM");
      await ended;
      await pool.end();
    },
  };
}
