import * as Flags from "@oclif/core/flags";
import { type Lock, LockSchema, LockService } from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { lockTable } from "../../render/lock-table.ts";
import { messageJson } from "../../render/message-json.ts";
import { terminalWidth } from "../../render/terminal-width.ts";

export default class LockList extends TssCommand {
  static override summary = "list locks that are held";
  static override description = "Lists locks by name: who holds them, with which token, how long still, and who waits.";
  static override examples = [
    "<%= config.bin %> lock list",
    "<%= config.bin %> lock list --prefix nightly- --limit 500",
  ];
  static override flags = {
    prefix: Flags.string({ helpValue: "TEXT", description: "only names that begin with it" }),
    limit: Flags.integer({
      char: "n",
      helpValue: "N",
      min: 1,
      max: 100_000,
      default: 100,
      description: "most to list",
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(LockList);
    const service = await this.service(LockService);
    const locks: Lock[] = [];
    let cursor = "";
    do {
      const limit = Math.min(flags.limit - locks.length, LIMITS.pageSize);
      const page = await service.listLocks({ prefix: flags.prefix ?? "", limit, cursor });
      locks.push(...page.locks);
      cursor = page.nextCursor;
    } while (cursor !== "" && locks.length < flags.limit);
    const lines = lockTable(locks, Date.now(), terminalWidth(process.stdout), painterFor(process.stdout));
    if (locks.length === 0) this.note("No lock is held.");
    else await this.print(`${lines.join("\n")}\n`);
    if (cursor !== "") this.note(`There are more than these ${locks.length}; --limit shows more, --prefix fewer.`);
    return { locks: locks.map((lock) => messageJson(LockSchema, lock)), more: cursor !== "" };
  }
}
