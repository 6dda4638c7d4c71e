import { shownUrl } from "../../../runtime/shown-url.ts";
import { TssCommand } from "../../base-command.ts";
import { migrateDatabase } from "../../database.ts";

export default class DbMigrate extends TssCommand {
  static override summary = "bring the database to this version";
  static override description =
    "Runs the migrations the database TSS_DATABASE_URL names lacks. Safe to run twice, and by two at once.";
  static override examples = ["<%= config.bin %> db migrate"];

  async run(): Promise<unknown> {
    await this.parse(DbMigrate);
    const url = this.settings.TSS_DATABASE_URL;
    const status = await migrateDatabase(url);
    const view = { database: shownUrl(url), ...status };
    await this.print(`${view.database} has schema ${status.version}.\n`);
    return view;
  }
}
