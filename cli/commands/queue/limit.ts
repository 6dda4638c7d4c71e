import * as Args from "@oclif/core/args";
import { QueueSchema, QueueService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { TssCommand } from "../../base-command.ts";
import { UsageError } from "../../errors.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { isUnused, unusedRemark } from "../../unused-queue.ts";

export default class QueueLimit extends TssCommand {
  static override summary = "bound how many tasks of a queue run at a time";
  static override description =
    "At most so many tasks of the queue run at a time, over all workers. What runs beyond a lower limit goes on; the others " +
    'wait, their reason is "throttled".';
  static override examples = ["<%= config.bin %> queue limit mail 5", "<%= config.bin %> queue limit mail none"];
  static override args = {
    queue: Args.string({ description: "name of the queue", required: true }),
    limit: Args.string({ description: `1 to ${LIMITS.queueLimit}, or none`, required: true }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(QueueLimit);
    const limit = readLimit(args.limit);
    const { queue } = await (await this.service(QueueService)).limitQueue({ name: args.queue, limit });
    const running = queue?.counts?.running ?? 0n;
    const what = limit === 0 ? "has no limit" : `runs at most ${limit} of its tasks at a time`;
    await this.print(`${printable(args.queue)} ${what}; ${running} run now.\n`);
    if (queue !== undefined && isUnused(queue)) this.note(unusedRemark(queue));
    return queue === undefined ? {} : messageJson(QueueSchema, queue);
  }
}

function readLimit(text: string): number {
  if (text === "none") return 0;
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMITS.queueLimit) return limit;
  throw new UsageError(`LIMIT must be a whole number from 1 to ${LIMITS.queueLimit}, or none.`);
}
