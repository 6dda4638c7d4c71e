import { RotateSecretsResponseSchema, SecretService } from "../../../proto/gen/tss/v1/secret_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";

export default class SecretRotate extends TssCommand {
  static override summary = "put all secrets under the newest master key";
  static override description =
    "Wraps the key of every secret anew with the first key of TSS_MASTER_KEY at the coordinator; the others of that setting " +
    "are then no longer needed. It may be repeated, and goes on where it stopped.";
  static override examples = ["<%= config.bin %> secret rotate"];

  async run(): Promise<unknown> {
    await this.parse(SecretRotate);
    const answer = await (await this.service(SecretService)).rotateSecrets({});
    const { rotated, masterKeyId } = answer;
    await this.print(
      rotated === 0
        ? `All secrets are under the master key ${printable(masterKeyId)} already.\n`
        : `${rotated} ${rotated === 1 ? "secret was" : "secrets were"} put under the master key ${printable(masterKeyId)}.\n`,
    );
    return messageJson(RotateSecretsResponseSchema, answer);
  }
}
