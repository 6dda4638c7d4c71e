import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { SecretSchema, SecretService } from "../../../proto/gen/tss/v1/secret_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { TssCommand } from "../../base-command.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { readSecretValue } from "../../secret/read-value.ts";

export default class SecretSet extends TssCommand {
  static override summary = "keep a value for the environment of tasks";
  static override description =
    "Keeps a value under a name, or gives the name a new one. The value is read from standard input, from a file, or from the " +
    "terminal, which does not show it; it cannot be given on the line. Nobody gets it back: commands that name it have it in " +
    "their environment.";
  static override examples = [
    "<%= config.bin %> secret set DB_PASSWORD < password.txt",
    "<%= config.bin %> secret set deploy-key --file id_ed25519 --queue deploy",
  ];
  static override args = { name: Args.string({ description: "name of the secret", required: true }) };
  static override flags = {
    file: Flags.string({ helpValue: "PATH", description: "file that holds the value" }),
    queue: Flags.string({
      multiple: true,
      description: "queue whose tasks may have it, may be repeated; by default all",
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SecretSet);
    const value = await readSecretValue(args.name, flags.file);
    const service = await this.service(SecretService);
    const { secret } = await service.setSecret({ name: args.name, value, queues: flags.queue ?? [] });
    await this.print(`${printable(args.name)} is kept, version ${secret?.version ?? 0}.\n`);
    if (value.length < LIMITS.maskedCharacters)
      this.note(
        `It has fewer than ${LIMITS.maskedCharacters} characters: it will not be masked in the output of tasks.`,
      );
    return secret === undefined ? {} : messageJson(SecretSchema, secret);
  }
}
