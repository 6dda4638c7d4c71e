import { LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { acquireLock } from "../../../sdk/typescript/client/acquire-lock.ts";
import { TssCommand } from "../../base-command.ts";
import { ACQUIRE_FLAGS, acquireOptions, LOCK_ARGUMENT } from "../../lock/lock-flags.ts";

export default class LockAcquire extends TssCommand {
  static override summary = "take a lock and print its token";
  static override description =
    "Takes the lock and prints its fencing token, by which it is renewed and released. Nothing renews it by itself: it " +
    'ends after --ttl. "tss lock run" renews it for as long as a command runs. Exits 6 when it was not free in time.';
  static override examples = [
    "TOKEN=$(<%= config.bin %> lock acquire deploy --ttl 5m)",
    "<%= config.bin %> lock acquire deploy --wait 0s || echo busy",
  ];
  static override args = { lock: LOCK_ARGUMENT };
  static override flags = ACQUIRE_FLAGS;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(LockAcquire);
    const locks = await this.service(LockService);
    const options = acquireOptions(flags, args.lock, (text) => this.note(text));
    const { token, until } = await acquireLock(locks, args.lock, options);
    await this.print(`${token}\n`);
    return { lock: args.lock, token, expiresIn: Math.max(Math.round(until - performance.now()), 0) / 1_000 };
  }
}
