import { randomUUID } from "node:crypto";
import * as Args from "@oclif/core/args";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { batchExitCode, batchItems, batchJson } from "../../batch-report.ts";
import { idsOf } from "../../ids.ts";
import { printable } from "../../render/printable.ts";

export default class TaskRetry extends TssCommand {
  static override summary = "make new tasks from ended ones";
  static override description =
    "Makes a new task from each ended one and prints the new ids; the old ones show what became of them.";
  static override examples = [
    "<%= config.bin %> task retry 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task list --status failed --since 1h --json | jq -r '.tasks[].id' | xargs <%= config.bin %> task retry",
  ];
  static override strict = false;
  static override args = { id: Args.string({ description: "ids of ended tasks", required: true }) };
  static override usage = "task retry ID... [FLAGS]";

  async run(): Promise<unknown> {
    const { argv } = await this.parse(TaskRetry);
    const ids = idsOf(argv);
    const { results } = await (await this.service(TaskService)).retryTasks({ ids, requestId: randomUUID() });
    const items = batchItems(ids, results);
    for (const { id, task, error } of items) {
      if (error !== undefined) this.note(`${printable(id)}  ${printable(error.message)}`);
      if (task !== undefined) await this.print(`${printable(task.id)}\n`);
    }
    process.exitCode = batchExitCode(items);
    return { results: items.map(batchJson) };
  }
}
