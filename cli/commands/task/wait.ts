import * as Args from "@oclif/core/args";
import { TaskSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { readTask } from "../../../sdk/typescript/client/wait-for-end.ts";
import { TssCommand } from "../../base-command.ts";
import { durationFlag } from "../../flags.ts";
import { waitAndReport } from "../../follow/wait-and-report.ts";
import { idsOf } from "../../ids.ts";
import { messageJson } from "../../render/message-json.ts";

export default class TaskWait extends TssCommand {
  static override summary = "wait until tasks have ended";
  static override description =
    "Waits until every task has ended and says how. Exits 0 if all succeeded, 1 if one failed or was cancelled, 6 if " +
    "--timeout came first.";
  static override examples = [
    "<%= config.bin %> task wait 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task wait $BUILD $LINT --timeout 10m",
  ];
  static override strict = false;
  static override args = { id: Args.string({ description: "ids of the tasks", required: true }) };
  static override usage = "task wait ID... [FLAGS]";
  static override flags = { timeout: durationFlag({ char: "t", description: "longest wait; by default none" }) };

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(TaskWait);
    const ids = idsOf(argv);
    const tasks = await this.service(TaskService);
    // A coordinator that is away from the start is not waited for.
    await readTask(tasks, ids[0] ?? "");
    const timeoutMs = flags.timeout;
    const results = await waitAndReport(tasks, ids, {
      silent: this.jsonEnabled(),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const pending = ids.filter((_, at) => results[at] === undefined);
    if (pending.length > 0) this.note(`Still going on: ${pending.join(" ")}`);
    return { tasks: results.flatMap((task) => (task === undefined ? [] : [messageJson(TaskSchema, task)])), pending };
  }
}
