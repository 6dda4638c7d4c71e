import * as Args from "@oclif/core/args";
import { LockService } from "../../proto/gen/tss/v1/lock_service_pb.js";
import { ApiKeyService, QueueService, WorkerRegistryService } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { TssCommand } from "../base-command.ts";
import { VALUE_KINDS, type ValueKind } from "../completion/value-kind.ts";

/** Newest tasks that are offered. */
const TASKS = 50;
/** A shell expands what it is offered: only values that mean nothing to it are. */
const HARMLESS = /^[\w.:@-]+$/;

export default class Complete extends TssCommand {
  static override hidden = true;
  static override summary = "list values for the completion of a shell";
  static override args = { kind: Args.string({ required: true, options: [...VALUE_KINDS] }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(Complete);
    const values = (await this.list(args.kind as ValueKind)).filter((value) => HARMLESS.test(value));
    await this.print(values.map((value) => `${value}\n`).join(""));
    return { values };
  }

  private async list(kind: ValueKind): Promise<string[]> {
    switch (kind) {
      case "tasks":
        return (await (await this.service(TaskService)).listTasks({ limit: TASKS })).tasks.map((task) => task.id);
      case "queues":
        return (await (await this.service(QueueService)).listQueues({})).queues.map((queue) => queue.name);
      case "workers":
        return (await (await this.service(WorkerRegistryService)).listWorkers({})).workers.map(
          (worker) => worker.info?.name ?? worker.sessionId,
        );
      case "locks":
        return (await (await this.service(LockService)).listLocks({ limit: LIMITS.pageSize })).locks.map(
          (lock) => lock.name,
        );
      case "keys":
        return (await (await this.service(ApiKeyService)).listApiKeys({})).apiKeys.map((key) => key.id);
    }
  }
}
