import { shownUrl } from "../../../runtime/shown-url.ts";
import { TssCommand } from "../../base-command.ts";
import { type DatabaseStatus, databaseStatus } from "../../database.ts";
import { EXIT } from "../../exit-codes.ts";
import { printable } from "../../render/printable.ts";

export default class DbStatus extends TssCommand {
  static override summary = "show the schema of the database";
  static override description =
    "Looks at the database TSS_DATABASE_URL names: whether it can be reached and whether its schema is this version's. " +
    "Exits 1 if it has to be migrated, 7 if it cannot be reached.";
  static override examples = ["<%= config.bin %> db status"];

  async run(): Promise<unknown> {
    await this.parse(DbStatus);
    const url = this.settings.TSS_DATABASE_URL;
    const status = await databaseStatus(url);
    const view = { database: shownUrl(url), ...status };
    const ok = status.reachable && status.problem === "" && status.pending.length === 0;
    await this.print(`${view.database}  ${stateOf(status)}${ok ? "" : "  ✗"}\n`);
    if (status.problem !== "") this.note(printable(status.problem));
    else if (status.pending.length > 0)
      this.note(`Not yet run: ${status.pending.map(printable).join(", ")}. "tss db migrate" runs them.`);
    if (!ok) process.exitCode = status.reachable ? EXIT.failed : EXIT.unavailable;
    return view;
  }
}

function stateOf({ reachable, version, latest }: DatabaseStatus): string {
  if (!reachable) return "cannot be used";
  return `${version === 0 ? "no schema" : `schema ${version}`}, newest is ${latest}`;
}
