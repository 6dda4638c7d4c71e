import * as Args from "@oclif/core/args";
import { TaskSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { readTask } from "../../../sdk/typescript/client/wait-for-end.ts";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { taskDetail } from "../../render/task-detail.ts";

export default class TaskStatus extends TssCommand {
  static override summary = "show a task with its attempts";
  static override description = "Shows a task with its attempts, progress, messages and result.";
  static override examples = [
    "<%= config.bin %> task status 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task status 06C4XK0Q7M8P2R9T1V3W5Y7ZAB --json | jq -r .status",
  ];
  static override args = { id: Args.string({ description: "id of the task", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(TaskStatus);
    const task = await readTask(await this.service(TaskService), args.id);
    await this.print(`${taskDetail(task, Date.now(), painterFor(process.stdout)).join("\n")}\n`);
    return messageJson(TaskSchema, task);
  }
}
