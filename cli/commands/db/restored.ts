import { shownUrl } from "../../../runtime/shown-url.ts";
import { TssCommand } from "../../base-command.ts";
import { raiseEpochs } from "../../database.ts";

/** More than there can have been owners since a backup, and little enough of the 20 bits of an epoch for 250 restores. */
const EPOCHS = 2 ** 12;

export default class DbRestored extends TssCommand {
  static override summary = "say that the database was set back from a backup";
  static override description =
    "Raises every fencing token that will be given on the database TSS_DATABASE_URL names beyond those that were given " +
    "after the backup, so that what is left of that time can pass for nothing newer. Run it once after every restore, " +
    "before the first coordinator starts. A coordinator that is shown a token of that time ends, and none starts again " +
    "before this was run. Safe to run twice; at most 250 times in the life of a database.";
  static override examples = ["<%= config.bin %> db restored"];

  async run(): Promise<unknown> {
    await this.parse(DbRestored);
    const url = this.settings.TSS_DATABASE_URL;
    const epoch = await raiseEpochs(url, EPOCHS);
    const view = { database: shownUrl(url), epoch };
    await this.print(`${view.database} goes on with epoch ${epoch}: every token is higher than before.\n`);
    return view;
  }
}
