import * as Flags from "@oclif/core/flags";
import { TssCommand } from "../base-command.ts";
import { gatewayUrl } from "../gateway-url.ts";
import { openDashboard } from "../open-dashboard.ts";

export default class Ui extends TssCommand {
  static override summary = "open the dashboard";
  static override description =
    "Prints the address of the dashboard and opens it in a browser where there is one, signed in with the key of this " +
    "command line. Where there is none, it prints a link that signs in once, within a minute.";
  static override examples = ["<%= config.bin %> ui", "<%= config.bin %> ui --print"];
  static override flags = { print: Flags.boolean({ description: "only print the address" }) };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Ui);
    const url = gatewayUrl(this.settings);
    await this.print(`${url}\n`);
    const opened =
      !flags.print && !this.jsonEnabled() && (await openDashboard(this.settings, url, "", (text) => this.note(text)));
    return { url, opened };
  }
}
