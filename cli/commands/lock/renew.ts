import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { durationFlag } from "../../flags.ts";
import { LOCK_ARGUMENT, TOKEN_ARGUMENT } from "../../lock/lock-flags.ts";
import { printable } from "../../render/printable.ts";
import { spanText } from "../../render/time.ts";

export default class LockRenew extends TssCommand {
  static override summary = "keep a lock for another term";
  static override description = "The lock ends one ttl from now. Exits 1 when it is lost: stop what it protects.";
  static override examples = ["<%= config.bin %> lock renew deploy $TOKEN --ttl 5m"];
  static override args = { lock: LOCK_ARGUMENT, token: TOKEN_ARGUMENT };
  static override flags = { ttl: durationFlag({ description: "another ttl, 1s to 24h; by default as before" }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(LockRenew);
    const { expiresIn } = await (await this.service(LockService)).renewLock({
      name: args.lock,
      token: BigInt(args.token),
      ...(flags.ttl === undefined ? {} : { ttl: durationFromMs(flags.ttl) }),
    });
    const ms = expiresIn === undefined ? 0 : durationMs(expiresIn);
    await this.print(`${printable(args.lock)} is held for another ${spanText(ms)}.\n`);
    return { lock: args.lock, token: args.token, expiresIn: ms / 1_000 };
  }
}
