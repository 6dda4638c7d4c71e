import {
  type Queue,
  QueueService,
  type Worker,
  WorkerRegistryService,
  WorkerState,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { type Task, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";
import { printable } from "../render/printable.ts";
import { countOf } from "../render/words.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Waiting tasks that are looked at, and kinds of them that are asked about. */
const SAMPLE = 100;
const KINDS = 5;

/** Whether work can flow: workers, paused queues, waiting tasks that nobody takes. */
export async function checkWork(connection: Connection): Promise<Finding[]> {
  const [{ workers }, { queues }] = await Promise.all([
    connection.service(WorkerRegistryService).listWorkers({}),
    connection.service(QueueService).listQueues({}),
  ]);
  return [checkWorkers(workers), ...checkQueues(queues), ...(await checkWaiting(connection))];
}

function checkWorkers(workers: readonly Worker[]): Finding {
  const alive = workers.filter((worker) => worker.state === WorkerState.ACTIVE);
  const slots = alive.reduce((sum, worker) => sum + (worker.info?.slots ?? 0), 0);
  if (alive.length === 0)
    return warn(
      "workers",
      "No worker takes work.",
      'Start "tss-agent" for commands, or a program with the SDK for handlers.',
    );
  const others = workers.length - alive.length;
  const takes = alive.length === 1 ? "takes" : "take";
  const rest =
    others === 0 ? "" : `; ${countOf(others, "other")} ${others === 1 ? "is" : "are"} draining or disconnected`;
  const message = `${countOf(alive.length, "worker")} ${takes} work with ${countOf(slots, "slot")}${rest}.`;
  return ok("workers", message);
}

function checkQueues(queues: readonly Queue[]): Finding[] {
  const paused = queues.filter((queue) => queue.paused);
  if (paused.length === 0)
    return [ok("queues", queues.length === 0 ? "There is no queue yet." : `No queue of ${queues.length} is paused.`)];
  return paused.map((queue) => {
    const note = queue.pauseNote === "" ? "" : ` (${printable(queue.pauseNote)})`;
    const name = printable(queue.name);
    return warn(
      "queues",
      `${name} is paused${note}; ${queue.counts?.waiting ?? 0n} wait.`,
      `Run "tss queue resume ${name}".`,
    );
  });
}

/** Asks about one task of each kind that could start and does not. */
async function checkWaiting(connection: Connection): Promise<Finding[]> {
  const tasks = connection.service(TaskService);
  const page = await tasks.listTasks({ status: [TaskStatus.WAITING], limit: SAMPLE });
  const kinds = new Map<string, Task>();
  for (const task of page.tasks)
    if (task.reason === TaskReason.READY) kinds.set(JSON.stringify([task.queue, task.type]), task);
  const findings: Finding[] = [];
  for (const task of [...kinds.values()].slice(0, KINDS)) {
    const { explanations } = await tasks.explainTask({ id: task.id });
    const reason = explanations.find(({ code }) => UNSERVED.has(code));
    if (reason !== undefined)
      findings.push(
        warn("waiting", printable(`${task.id} (${task.name}): ${reason.message}`), printable(reason.action)),
      );
  }
  return findings.length > 0 ? findings : [ok("waiting", "Every waiting task has a worker that could take it.")];
}

/** Explanations that do not pass by themselves when slots get free. */
const UNSERVED: ReadonlySet<string> = new Set([
  "no_worker",
  "no_handler",
  "no_secrets",
  "no_confinement",
  "selector",
  "resources",
  "rejected",
]);
