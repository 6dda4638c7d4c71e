import * as Flags from "@oclif/core/flags";
import { LockHolderSchema, LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { LOCK_ARGUMENT, readToken } from "../../lock/lock-flags.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";

export default class LockForceRelease extends TssCommand {
  static override summary = "take a lock from its holder";
  static override description =
    "Takes the lock from its holder, or with --token from one of several; the next in line has it at once. The holder " +
    "learns of it when it renews: until then it may go on, and only its token stops it. For operators.";
  static override examples = [
    "<%= config.bin %> lock force-release deploy",
    "<%= config.bin %> lock force-release gpu --token 25769803779",
  ];
  static override args = { lock: LOCK_ARGUMENT };
  static override flags = {
    token: Flags.custom<number>({
      helpValue: "TOKEN",
      description: "only from the holder with this token",
      parse: async (text) => readToken(text),
    })(),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(LockForceRelease);
    const locks = await this.service(LockService);
    const { released } = await locks.forceReleaseLock({ name: args.lock, token: BigInt(flags.token ?? 0) });
    if (released.length === 0) this.note(`Nobody holds ${printable(args.lock)}.`);
    for (const { holder, token } of released)
      await this.print(`${printable(args.lock)} was taken from ${printable(holder)} (token ${token}).\n`);
    return { lock: args.lock, released: released.map((holder) => messageJson(LockHolderSchema, holder)) };
  }
}
