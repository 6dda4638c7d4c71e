import { StatsService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TaskSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { FILTER_FLAGS, filterFromFlags } from "../../filter-flags.ts";
import { listTasks } from "../../list-tasks.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { taskTable } from "../../render/task-table.ts";
import { showLiveTable } from "../../view/show-live-table.ts";

/** Tasks of a snapshot. */
const SNAPSHOT_ROWS = 50;

export default class TaskView extends TssCommand {
  static override summary = "watch tasks in a live table";
  static override description =
    "Shows the newest tasks in a table that keeps itself up to date; q quits. When stdout is not a terminal it prints the " +
    "table once.";
  static override examples = [
    "<%= config.bin %> task view",
    "<%= config.bin %> task view --queue media --status running,waiting",
  ];
  static override flags = FILTER_FLAGS;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(TaskView);
    const tasks = await this.service(TaskService);
    const now = Date.now();
    const filter = filterFromFlags(flags, now);
    if (process.stdout.isTTY && !this.jsonEnabled()) {
      // A coordinator that is away from the start is not waited for.
      await listTasks(tasks, filter, 1);
      const stats = await this.service(StatsService);
      await showLiveTable(tasks, stats, filter);
      return undefined;
    }
    const page = await listTasks(tasks, filter, SNAPSHOT_ROWS);
    await this.print(`${taskTable(page.tasks, now, undefined, painterFor(process.stdout)).join("\n")}\n`);
    return { tasks: page.tasks.map((task) => messageJson(TaskSchema, task)), nextCursor: page.nextCursor };
  }
}
