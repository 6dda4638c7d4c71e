import { type Secret, SecretSchema, SecretService } from "../../../proto/gen/tss/v1/secret_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { type Column, tableLines } from "../../render/table.ts";
import { terminalWidth } from "../../render/terminal-width.ts";
import { msOf, relativeText } from "../../render/time.ts";

export default class SecretList extends TssCommand {
  static override summary = "list secrets";
  static override description =
    "Lists the names of secrets, their versions, and who set them when. No value is ever shown.";
  static override examples = ["<%= config.bin %> secret list"];

  async run(): Promise<unknown> {
    await this.parse(SecretList);
    const { secrets } = await (await this.service(SecretService)).listSecrets({});
    const now = Date.now();
    const paint = painterFor(process.stdout);
    const shape: Column<Secret>[] = [
      { title: "NAME", value: ({ name }) => printable(name), paint: (text) => paint.bold(text) },
      { title: "VERSION", value: ({ version }) => String(version) },
      { title: "QUEUES", value: ({ queues }) => printable(queues.join(",")) || "all", shrinkTo: 8 },
      { title: "SET", value: ({ setAt }) => relativeText(msOf(setAt), now) },
      { title: "BY KEY", value: ({ setBy }) => printable(setBy), drop: 1 },
      { title: "MASTER KEY", value: ({ masterKeyId }) => printable(masterKeyId), drop: 2 },
    ];
    await this.print(`${tableLines(secrets, shape, terminalWidth(process.stdout)).join("\n")}\n`);
    return { secrets: secrets.map((secret) => messageJson(SecretSchema, secret)) };
  }
}
