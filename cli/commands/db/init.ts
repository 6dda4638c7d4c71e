import { shownUrl } from "../../../runtime/shown-url.ts";
import { TssCommand } from "../../base-command.ts";
import { migrateDatabase } from "../../database.ts";

export default class DbInit extends TssCommand {
  static override summary = "make the tables of a new database";
  static override description = "Makes the tables in the database TSS_DATABASE_URL names. Safe to run twice.";
  static override examples = ["<%= config.bin %> db init"];

  async run(): Promise<unknown> {
    await this.parse(DbInit);
    const url = this.settings.TSS_DATABASE_URL;
    const status = await migrateDatabase(url);
    const view = { database: shownUrl(url), ...status };
    await this.print(`${view.database} has schema ${status.version}.\n`);
    return view;
  }
}
