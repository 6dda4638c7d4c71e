import * as Args from "@oclif/core/args";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { hasEnded } from "../../../sdk/typescript/client/has-ended.ts";
import { TssCommand } from "../../base-command.ts";
import { type BatchItem, batchExitCode, batchItems, batchJson } from "../../batch-report.ts";
import { idsOf } from "../../ids.ts";
import { inBatches } from "../../in-batches.ts";
import { painterFor } from "../../render/color.ts";
import { printable } from "../../render/printable.ts";
import { paintStatus, statusText } from "../../render/words.ts";

export default class TaskAbort extends TssCommand {
  static override summary = "cancel tasks";
  static override description =
    "Cancels tasks. A waiting task ends at once; a running one gets SIGTERM and, after its grace, SIGKILL. A task that " +
    "has ended is left as it is.";
  static override examples = [
    "<%= config.bin %> task abort 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task list --queue media --status waiting --limit 100000 --json | jq -r '.tasks[].id' | xargs <%= config.bin %> task abort",
  ];
  static override strict = false;
  static override args = { id: Args.string({ description: "ids of the tasks", required: true }) };
  static override usage = "task abort ID... [FLAGS]";

  async run(): Promise<unknown> {
    const { argv } = await this.parse(TaskAbort);
    const tasks = await this.service(TaskService);
    const paint = painterFor(process.stdout);
    const all: (BatchItem & { readonly changed: boolean })[] = [];
    for await (const { ids, results } of inBatches(idsOf(argv), (some) => tasks.cancelTasks({ ids: some })))
      for (const [at, item] of batchItems(ids, results).entries()) {
        const { id, task, error } = item;
        const changed = results[at]?.changed ?? false;
        all.push({ ...item, changed });
        if (error !== undefined) this.note(`${printable(id)}  ${printable(error.message)}`);
        if (task === undefined) continue;
        const remark = !changed && hasEnded(task) ? "  had ended before" : "";
        await this.print(`${printable(id)}  ${paintStatus(paint, statusText(task), task.status)}${remark}\n`);
      }
    process.exitCode = batchExitCode(all);
    return { results: all.map(({ changed, ...item }) => ({ ...batchJson(item), changed })) };
  }
}
