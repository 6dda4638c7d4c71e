import * as Args from "@oclif/core/args";
import { ApiKeySchema, ApiKeyService } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";

export default class KeyRevoke extends TssCommand {
  static override summary = "end an API key";
  static override description =
    "Ends an API key everywhere within a second and closes the streams opened with it. There is no way back.";
  static override examples = ["<%= config.bin %> key revoke 4T7Q9XK2M8PA"];
  static override args = { id: Args.string({ description: "id of the key, as key list shows it", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(KeyRevoke);
    const { apiKey } = await (await this.service(ApiKeyService)).revokeApiKey({ id: args.id });
    await this.print(`${printable(apiKey?.name ?? args.id)} is revoked.\n`);
    return apiKey === undefined ? {} : messageJson(ApiKeySchema, apiKey);
  }
}
