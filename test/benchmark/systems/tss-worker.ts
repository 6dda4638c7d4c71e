// A worker process of the benchmark: handlers of the SDK that do nothing, and a report when the asked number is done.
import { createWorker, taskType } from "../../../sdk/typescript/index.ts";
import { WorkLog } from "./work-log.ts";

const log = new WorkLog();
const noop = taskType<Uint8Array, void>("noop");
const worker = createWorker({
  slots: Number(process.argv[2]),
  handlers: [noop.handler((payload) => log.started(payload))],
});
await worker.ready;
log.ready();
