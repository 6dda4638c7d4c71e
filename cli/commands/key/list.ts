import { type ApiKey, ApiKeySchema, ApiKeyService, RoleSchema } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { type Column, tableLines } from "../../render/table.ts";
import { terminalWidth } from "../../render/terminal-width.ts";
import { msOf, relativeText } from "../../render/time.ts";
import { enumWord } from "../../render/words.ts";

export default class KeyList extends TssCommand {
  static override summary = "list API keys";
  static override description =
    "Lists API keys and join tokens: their role, whether they are valid, and when they were last used.";
  static override examples = ["<%= config.bin %> key list"];

  async run(): Promise<unknown> {
    await this.parse(KeyList);
    const { apiKeys } = await (await this.service(ApiKeyService)).listApiKeys({});
    const now = Date.now();
    const paint = painterFor(process.stdout);
    const shape: Column<ApiKey>[] = [
      { title: "ID", value: (key) => printable(key.id) },
      { title: "NAME", value: (key) => printable(key.name), shrinkTo: 8, paint: (text) => paint.bold(text) },
      { title: "ROLE", value: (key) => enumWord(RoleSchema, key.role) },
      {
        title: "STATE",
        value: (key) => stateOf(key, now),
        paint: (text) => (text === "valid" ? paint.green(text) : paint.red(text)),
      },
      { title: "EXPIRES", value: (key) => relativeText(msOf(key.expiresAt), now), drop: 1 },
      { title: "LAST USED", value: (key) => relativeText(msOf(key.lastUsedAt), now) || "never", drop: 2 },
    ];
    await this.print(`${tableLines(apiKeys, shape, terminalWidth(process.stdout)).join("\n")}\n`);
    return { apiKeys: apiKeys.map((key) => messageJson(ApiKeySchema, key)) };
  }
}

function stateOf(key: ApiKey, now: number): string {
  if (key.usedBy !== "") return "used";
  if (key.revokedAt !== undefined) return "revoked";
  return (msOf(key.expiresAt) ?? Number.POSITIVE_INFINITY) <= now ? "expired" : "valid";
}
