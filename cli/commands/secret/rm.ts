import * as Args from "@oclif/core/args";
import { SecretSchema, SecretService } from "../../../proto/gen/tss/v1/secret_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";

export default class SecretRm extends TssCommand {
  static override summary = "delete a secret";
  static override description =
    "Deletes a secret. What runs keeps the value it was given; a task that needs it and begins later fails.";
  static override examples = ["<%= config.bin %> secret rm DB_PASSWORD"];
  static override args = { name: Args.string({ description: "name of the secret", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(SecretRm);
    const { secret } = await (await this.service(SecretService)).deleteSecret({ name: args.name });
    await this.print(`${printable(args.name)} is deleted.\n`);
    return secret === undefined ? {} : messageJson(SecretSchema, secret);
  }
}
