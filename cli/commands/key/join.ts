import { durationFromMs } from "@bufbuild/protobuf/wkt";
import * as Args from "@oclif/core/args";
import { ApiKeySchema, ApiKeyService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { durationFlag } from "../../flags.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { clockText, msOf } from "../../render/time.ts";

export default class KeyJoin extends TssCommand {
  static override summary = "make a token with which one agent joins";
  static override description =
    "Makes a token with which one agent makes itself a key, once: `tss-agent join HOST:PORT --token -` on its machine, which " +
    "reads it from its input, or takes it from TSS_JOIN_TOKEN. It is printed on stdout, this once; everything else goes to stderr. What it was used for is in key list.";
  static override examples = [
    "<%= config.bin %> key join",
    "<%= config.bin %> key join build-7 --ttl 5m --key-ttl 30d",
  ];
  static override args = {
    name: Args.string({ description: "name of the key the agent will have; by default the agent's own" }),
  };
  static override flags = {
    ttl: durationFlag({ description: "how long it may be used, up to 1h; by default 15m" }),
    "key-ttl": durationFlag({
      description: "how long the agent's key lives unless the agent renews it, as it does: 1h to 90d; by default 7d",
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(KeyJoin);
    const keyTtl = flags["key-ttl"];
    const { apiKey, token } = await (await this.service(ApiKeyService)).createJoinToken({
      name: args.name ?? "",
      ...(flags.ttl === undefined ? {} : { ttl: durationFromMs(flags.ttl) }),
      ...(keyTtl === undefined ? {} : { keyTtl: durationFromMs(keyTtl) }),
    });
    await this.print(`${token}\n`);
    if (apiKey !== undefined)
      this.note(
        `Token ${printable(apiKey.id)} is good for one agent until ${clockText(msOf(apiKey.expiresAt))}: run \`tss-agent join ${printable(this.settings.TSS_COORDINATOR)} --token -\` there and paste it.`,
      );
    return { apiKey: apiKey && messageJson(ApiKeySchema, apiKey), token };
  }
}
