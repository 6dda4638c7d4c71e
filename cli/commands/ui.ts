import * as Flags from "@oclif/core/flags";
import { TssCommand } from "../base-command.ts";
import { gatewayUrl } from "../gateway-url.ts";
import { openPage } from "../open-page.ts";

export default class Ui extends TssCommand {
  static override summary = "open the dashboard";
  static override description = "Prints the address of the dashboard and opens it in a browser where there is one.";
  static override examples = ["<%= config.bin %> ui", "<%= config.bin %> ui --print"];
  static override flags = { print: Flags.boolean({ description: "only print the address" }) };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Ui);
    const url = gatewayUrl(this.settings);
    await this.print(`${url}\n`);
    const opened = !flags.print && !this.jsonEnabled() && (await openPage(url));
    return { url, opened };
  }
}
