// A worker process of the benchmark: handlers of the SDK that do nothing, and a report when the asked number is done.
import { createWorker, taskType } from "../../../sdk/typescript/index.ts";
import { HandlerFloor } from "../../../sdk/typescript/worker/handler-floor.ts";
import { WorkLog } from "./work-log.ts";

const log = new WorkLog(true);
// The SDK keeps to itself when a report is acknowledged, which is after the commit: the benchmark listens in.
const { acknowledged } = HandlerFloor.prototype;
HandlerFloor.prototype.acknowledged = function (id, token) {
  log.ended(id);
  acknowledged.call(this, id, token);
};
const noop = taskType<Uint8Array, void>("noop");
const worker = createWorker({
  slots: Number(process.argv[2]),
  handlers: [noop.handler((payload, task) => log.started(payload, task.id))],
});
await worker.ready;
log.ready();
