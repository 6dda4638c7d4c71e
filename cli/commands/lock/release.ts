import { LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { LOCK_ARGUMENT, TOKEN_ARGUMENT } from "../../lock/lock-flags.ts";
import { printable } from "../../render/printable.ts";

export default class LockRelease extends TssCommand {
  static override summary = "give a lock back";
  static override description =
    "Gives the lock back; the next in line has it at once. Exits 1 when it was lost before.";
  static override examples = ["<%= config.bin %> lock release deploy $TOKEN"];
  static override args = { lock: LOCK_ARGUMENT, token: TOKEN_ARGUMENT };

  async run(): Promise<unknown> {
    const { args } = await this.parse(LockRelease);
    const locks = await this.service(LockService);
    const { changed } = await locks.releaseLock({ name: args.lock, token: BigInt(args.token) });
    await this.print(`${printable(args.lock)} is released.\n`);
    return { lock: args.lock, token: args.token, changed };
  }
}
