import {
  GetOverviewResponseSchema,
  GetServerInfoResponseSchema,
  StatsService,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../base-command.ts";
import { painterFor } from "../render/color.ts";
import { messageJson } from "../render/message-json.ts";
import { overviewLines } from "../render/overview.ts";
import { terminalWidth } from "../render/terminal-width.ts";

export default class Status extends TssCommand {
  static override summary = "show the whole system on one page";
  static override description = "Shows the coordinator, its database, the tasks by status, the workers and the queues.";
  static override examples = ["<%= config.bin %> status", "<%= config.bin %> status --json | jq .overview.counts"];

  async run(): Promise<unknown> {
    await this.parse(Status);
    const stats = await this.service(StatsService);
    const [overview, server] = await Promise.all([stats.getOverview({}), stats.getServerInfo({})]);
    const lines = overviewLines(overview, server, terminalWidth(process.stdout), painterFor(process.stdout));
    await this.print(`${lines.join("\n")}\n`);
    return {
      overview: messageJson(GetOverviewResponseSchema, overview),
      server: messageJson(GetServerInfoResponseSchema, server),
    };
  }
}
