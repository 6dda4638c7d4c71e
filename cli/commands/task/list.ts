import * as Flags from "@oclif/core/flags";
import { TaskSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { FILTER_FLAGS, filterFromFlags } from "../../filter-flags.ts";
import { filterFromSearch } from "../../filter-from-search.ts";
import { listTasks } from "../../list-tasks.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { taskTable } from "../../render/task-table.ts";
import { terminalWidth } from "../../render/terminal-width.ts";
import { clockText, msOf } from "../../render/time.ts";

export default class TaskList extends TssCommand {
  static override summary = "list tasks, newest first";
  static override description =
    "Lists tasks, newest first. On a terminal the table fits its width; elsewhere nothing is cut.";
  static override examples = [
    "<%= config.bin %> task list",
    "<%= config.bin %> task list --status failed,cancelled --since 1d",
    "<%= config.bin %> task list --queue media --label customer=42 --json",
    "<%= config.bin %> task list --search 'queue:media -label:test error:ECONNRESET wait:>30s args.user.id:42'",
  ];
  static override flags = {
    ...FILTER_FLAGS,
    search: Flags.string({
      helpValue: "TEXT",
      description:
        "only what fits this search, written as in the dashboard (docs/dashboard.md); instead of the flags above",
      exclusive: Object.keys(FILTER_FLAGS),
    }),
    limit: Flags.integer({ helpValue: "N", description: "how many at most", default: 50, min: 1, max: 100_000 }),
    cursor: Flags.string({ helpValue: "CURSOR", description: "go on where the list before ended" }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(TaskList);
    const now = Date.now();
    const tasks = await this.service(TaskService);
    const wanted = flags.search === undefined ? filterFromFlags(flags, now) : filterFromSearch(flags.search, now);
    const filter = { ...wanted, cursor: flags.cursor ?? "" };
    const page = await listTasks(tasks, filter, flags.limit);
    if (page.tasks.length > 0) {
      const lines = taskTable(page.tasks, now, terminalWidth(process.stdout), painterFor(process.stdout));
      await this.print(`${lines.join("\n")}\n`);
    } else this.note("No tasks match.");
    if (page.nextCursor !== "")
      this.note(`There are more: --limit N shows more at once, --cursor ${page.nextCursor} goes on.`);
    if (page.scannedTo !== undefined) this.note(`The search has looked back to ${clockText(msOf(page.scannedTo))}.`);
    return {
      tasks: page.tasks.map((task) => messageJson(TaskSchema, task)),
      nextCursor: page.nextCursor,
      ...(page.scannedTo === undefined ? {} : { scannedTo: new Date(msOf(page.scannedTo) ?? 0).toISOString() }),
    };
  }
}
