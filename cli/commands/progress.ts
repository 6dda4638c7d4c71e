import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { TssCommand } from "../base-command.ts";
import { UsageError } from "../errors.ts";
import { type ProgressLine, sayProgress } from "../progress-line.ts";

export default class Progress extends TssCommand {
  static override summary = "say from inside a task how far it is";
  static override description =
    "Run by the command of a task: tells its agent how far it is, which status, watch and dashboard show at once, or leaves " +
    "a line for people with the task. The same can be written to descriptor 3 as JSON lines.";
  static override examples = [
    '<%= config.bin %> progress 40 "resizing"',
    '<%= config.bin %> progress --message "12 pictures were skipped"',
  ];
  static override args = {
    percent: Args.string({ description: "from 0 to 100" }),
    text: Args.string({ description: "what it is at" }),
  };
  static override flags = {
    message: Flags.string({ char: "m", helpValue: "TEXT", description: "a line that stays with the task" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Progress);
    const line = readLine(args.percent, args.text, flags.message);
    sayProgress(line);
    return line;
  }
}

function readLine(percent: string | undefined, text: string | undefined, message: string | undefined): ProgressLine {
  if (message !== undefined) {
    if (percent !== undefined) throw new UsageError("Give a PERCENT or --message, not both.");
    return { message };
  }
  const progress = percent === undefined ? Number.NaN : Number(percent.trim().replace(/%$/, "") || "none");
  if (!(progress >= 0 && progress <= 100))
    throw new UsageError(
      `PERCENT must be a number from 0 to 100${percent === undefined ? ", or give --message" : ""}.`,
    );
  return text === undefined ? { progress } : { progress, message: text };
}
