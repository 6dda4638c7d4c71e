import * as Args from "@oclif/core/args";
import { ExplainTaskResponseSchema, TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../../base-command.ts";
import { painterFor } from "../../render/color.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { pairsText } from "../../render/task-detail.ts";

export default class TaskWhy extends TssCommand {
  static override summary = "say why a task is where it is";
  static override description =
    "Says why a task waits, runs on or ended as it did: the reasons, most telling first, and what to do about each.";
  static override examples = ["<%= config.bin %> task why 06C4XK0Q7M8P2R9T1V3W5Y7ZAB"];
  static override args = { id: Args.string({ description: "id of the task", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(TaskWhy);
    const answer = await (await this.service(TaskService)).explainTask({ id: args.id });
    const paint = painterFor(process.stdout);
    const lines = [paint.bold(printable(answer.summary))];
    const several = answer.explanations.length > 1;
    for (const { message, action, evidence, command } of answer.explanations) {
      // The only reason is the summary already.
      if (several || message !== answer.summary) lines.push(`- ${printable(message)}`);
      const facts = pairsText(evidence);
      if (facts !== "") lines.push(`  ${paint.dim(facts)}`);
      if (action !== "") lines.push(`  → ${printable(action)}`);
      if (command !== "" && !action.includes(command)) lines.push(`    ${printable(command)}`);
    }
    await this.print(`${lines.join("\n")}\n`);
    return messageJson(ExplainTaskResponseSchema, answer);
  }
}
