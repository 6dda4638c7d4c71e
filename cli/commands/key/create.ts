import { durationFromMs } from "@bufbuild/protobuf/wkt";
import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { ApiKeySchema, ApiKeyService, RoleSchema } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { durationFlag } from "../../flags.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { clockText, msOf } from "../../render/time.ts";
import { enumValue } from "../../render/words.ts";

export default class KeyCreate extends TssCommand {
  static override summary = "make an API key";
  static override description =
    "Makes an API key and prints it on stdout, this once: it is kept as a hash only. Everything else goes to stderr.";
  static override examples = [
    "<%= config.bin %> key create ci --role submitter --ttl 30d",
    "<%= config.bin %> key create build-7 --role worker > build-7.key",
  ];
  static override args = { name: Args.string({ description: "what the key is for", required: true }) };
  static override flags = {
    role: Flags.option({
      options: ["admin", "operator", "submitter", "viewer", "worker"] as const,
      required: true,
      description: "what the key may do",
    })(),
    ttl: durationFlag({ description: "how long it is valid, up to 366d; by default 90d" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(KeyCreate);
    const answer = await (await this.service(ApiKeyService)).createApiKey({
      name: args.name,
      role: enumValue(RoleSchema, flags.role, "role"),
      ...(flags.ttl === undefined ? {} : { ttl: durationFromMs(flags.ttl) }),
    });
    const { apiKey, secret } = answer;
    await this.print(`${secret}\n`);
    if (apiKey !== undefined)
      this.note(
        `Key ${printable(apiKey.id)} (${flags.role}) is valid until ${clockText(msOf(apiKey.expiresAt))}; it is not shown again.`,
      );
    return { apiKey: apiKey && messageJson(ApiKeySchema, apiKey), secret };
  }
}
