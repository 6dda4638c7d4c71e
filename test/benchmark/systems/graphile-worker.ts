// graphile-worker's worker process of the benchmark: `graphile-worker.ts URL fast|defaults`.
import { run } from "graphile-worker";
import { WorkLog } from "./work-log.ts";

const [, , connectionString = "", setting] = process.argv;
// It does not tell when a completion is written.
const log = new WorkLog(false);
const fast = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
await run({
  taskList: { noop: async (payload) => log.started(Buffer.from(payload as string, "base64")) },
  preset: {
    worker: {
      connectionString,
      ...(setting === "fast" ? { concurrentJobs: 24, maxPoolSize: 26, ...fast } : {}),
    },
  },
});
log.ready();
