import { WorkerRegistryService, WorkerSchema } from "../../../proto/gen/tss/v1/operator_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { terminalWidth } from "../../render/terminal-width.ts";
import { workerTable } from "../../render/worker-table.ts";

export default class WorkerList extends TssCommand {
  static override summary = "list the workers that are connected";
  static override description =
    "Lists the workers that hold a session: what they run, how busy they are, when they were last seen.";
  static override examples = ["<%= config.bin %> worker list", "<%= config.bin %> worker list --json"];

  async run(): Promise<unknown> {
    await this.parse(WorkerList);
    const { workers } = await (await this.service(WorkerRegistryService)).listWorkers({});
    const width = terminalWidth(process.stdout);
    if (workers.length === 0) this.note('No worker is connected; "tss-agent" starts one that runs commands.');
    else await this.print(`${workerTable(workers, Date.now(), width, painterFor(process.stdout)).join("\n")}\n`);
    return { workers: workers.map((worker) => messageJson(WorkerSchema, worker)) };
  }
}
