import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { QueueSchema, QueueService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { isUnused, unusedRemark } from "../../unused-queue.ts";

export default class QueuePause extends TssCommand {
  static override summary = "start nothing more of a queue";
  static override description = "Nothing of the queue starts until it is resumed; what runs goes on.";
  static override examples = ['<%= config.bin %> queue pause mail --note "provider is down"'];
  static override args = { queue: Args.string({ description: "name of the queue", required: true }) };
  static override flags = {
    note: Flags.string({ helpValue: "TEXT", description: "why, for whoever looks at it later" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(QueuePause);
    const queues = await this.service(QueueService);
    const { queue } = await queues.pauseQueue({ name: args.queue, note: flags.note ?? "" });
    await this.print(`${printable(args.queue)} is paused; ${queue?.counts?.running ?? 0n} of its tasks still run.\n`);
    if (queue !== undefined && isUnused(queue)) this.note(unusedRemark(queue));
    return queue === undefined ? {} : messageJson(QueueSchema, queue);
  }
}
