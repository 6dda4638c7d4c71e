import { TssError } from "../../../proto/errors.ts";
import { LockSchema, LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { LOCK_ARGUMENT } from "../../lock/lock-flags.ts";
import { painterFor } from "../../render/color.ts";
import { lockDetail } from "../../render/lock-table.ts";
import { messageJson } from "../../render/message-json.ts";

export default class LockShow extends TssCommand {
  static override summary = "show a lock, its holders and its line";
  static override description = "Shows who holds a lock, with which token and how long still, and who waits for it.";
  static override examples = ["<%= config.bin %> lock show deploy"];
  static override args = { lock: LOCK_ARGUMENT };

  async run(): Promise<unknown> {
    const { args } = await this.parse(LockShow);
    const { lock } = await (await this.service(LockService)).getLock({ name: args.lock });
    if (lock === undefined) throw new TssError("INTERNAL", "The coordinator answered without a lock.");
    await this.print(`${lockDetail(lock, Date.now(), painterFor(process.stdout)).join("\n")}\n`);
    return messageJson(LockSchema, lock);
  }
}
