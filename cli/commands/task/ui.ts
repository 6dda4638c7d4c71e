import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { TssCommand } from "../../base-command.ts";
import { gatewayUrl, taskUrl } from "../../gateway-url.ts";
import { openDashboard } from "../../open-dashboard.ts";

export default class TaskUi extends TssCommand {
  static override summary = "open a task in the dashboard";
  static override description = "Prints the address of a task's page and opens it in a browser where there is one.";
  static override examples = [
    "<%= config.bin %> task ui 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task ui --print",
  ];
  static override args = { id: Args.string({ description: "id of the task; without it the dashboard itself" }) };
  static override flags = { print: Flags.boolean({ description: "only print the address" }) };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(TaskUi);
    const url = args.id === undefined ? gatewayUrl(this.settings) : taskUrl(this.settings, args.id);
    await this.print(`${url}\n`);
    const place = args.id === undefined ? "" : `task/${encodeURIComponent(args.id)}`;
    const opened =
      !flags.print &&
      !this.jsonEnabled() &&
      (await openDashboard(this.settings, url, place, (text) => this.note(text)));
    return { url, opened };
  }
}
