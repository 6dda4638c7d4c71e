import * as Args from "@oclif/core/args";
import { QueueSchema, QueueService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { isUnused, unusedRemark } from "../../unused-queue.ts";

export default class QueueResume extends TssCommand {
  static override summary = "let a paused queue go on";
  static override description = "Tasks of the queue start again.";
  static override examples = ["<%= config.bin %> queue resume mail"];
  static override args = { queue: Args.string({ description: "name of the queue", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(QueueResume);
    const { queue } = await (await this.service(QueueService)).resumeQueue({ name: args.queue });
    await this.print(`${printable(args.queue)} is open; ${queue?.counts?.waiting ?? 0n} of its tasks wait.\n`);
    if (queue !== undefined && isUnused(queue)) this.note(unusedRemark(queue));
    return queue === undefined ? {} : messageJson(QueueSchema, queue);
  }
}
