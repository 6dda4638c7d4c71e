import { QueueSchema, QueueService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { queueTable } from "../../render/queue-table.ts";
import { terminalWidth } from "../../render/terminal-width.ts";

export default class QueueList extends TssCommand {
  static override summary = "list queues with their counts";
  static override description =
    "Lists queues: whether they are paused, their tasks by status, and how long the oldest has been ready.";
  static override examples = ["<%= config.bin %> queue list"];

  async run(): Promise<unknown> {
    await this.parse(QueueList);
    const { queues } = await (await this.service(QueueService)).listQueues({});
    const lines = queueTable(queues, terminalWidth(process.stdout), painterFor(process.stdout));
    if (queues.length === 0) this.note("There is no queue yet; the first task of a queue makes it.");
    else await this.print(`${lines.join("\n")}\n`);
    return { queues: queues.map((queue) => messageJson(QueueSchema, queue)) };
  }
}
