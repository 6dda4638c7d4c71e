import { randomUUID } from "node:crypto";
import * as Args from "@oclif/core/args";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { type BatchItem, batchExitCode, batchItems, batchJson } from "../../batch-report.ts";
import { idsOf } from "../../ids.ts";
import { inBatches } from "../../in-batches.ts";
import { printable } from "../../render/printable.ts";

export default class TaskRetry extends TssCommand {
  static override summary = "make new tasks from ended ones";
  static override description =
    "Makes a new task from each ended one and prints the new ids; the old ones show what became of them.";
  static override examples = [
    "<%= config.bin %> task retry 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task list --status failed --since 1h --limit 100000 --json | jq -r '.tasks[].id' | xargs <%= config.bin %> task retry",
  ];
  static override strict = false;
  static override args = { id: Args.string({ description: "ids of ended tasks", required: true }) };
  static override usage = "task retry ID... [FLAGS]";

  async run(): Promise<unknown> {
    const { argv } = await this.parse(TaskRetry);
    const tasks = await this.service(TaskService);
    const all: BatchItem[] = [];
    const retry = (some: string[]) => tasks.retryTasks({ ids: some, requestId: randomUUID() });
    for await (const { ids, results } of inBatches(idsOf(argv), retry))
      for (const item of batchItems(ids, results)) {
        all.push(item);
        const { id, task, error } = item;
        if (error !== undefined) this.note(`${printable(id)}  ${printable(error.message)}`);
        if (task !== undefined) await this.print(`${printable(task.id)}\n`);
      }
    process.exitCode = batchExitCode(all);
    return { results: all.map(batchJson) };
  }
}
