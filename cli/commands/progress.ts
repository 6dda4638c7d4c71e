import { fstatSync, writeSync } from "node:fs";
import * as Args from "@oclif/core/args";
import { TssError } from "../../proto/errors.ts";
import { TssCommand } from "../base-command.ts";
import { UsageError } from "../errors.ts";

/** Says how far the task is that this command runs in: a line of JSON for the agent, no call. */
export default class Progress extends TssCommand {
  static override summary = "say how far the task is that this runs in";
  static override description =
    "Inside a task, tells its agent how far the task is and what it does now. A shell can write the same line of JSON to descriptor 3 itself, which is faster.";
  static override examples = [
    '<%= config.bin %> progress 40 "resizing"',
    "for n in 1 2 3 4; do convert $n.png $n.jpg; <%= config.bin %> progress $((25 * n)); done",
  ];
  static override args = {
    percent: Args.string({ description: "how far it is, 0 to 100", required: true }),
    message: Args.string({ description: "what it does now" }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(Progress);
    const progress = Number(args.percent);
    if (args.percent.trim() === "" || !(progress >= 0 && progress <= 100))
      throw new UsageError(`PERCENT is "${args.percent}"; it is a number from 0 to 100.`);
    const line = { progress, ...(args.message === undefined ? {} : { message: args.message }) };
    tell(line);
    return line;
  }
}

function tell(line: unknown): void {
  const descriptor = process.env["TSS_PROGRESS_FD"] ?? "";
  if (!/^\d+$/.test(descriptor)) throw outside("TSS_PROGRESS_FD is not set");
  // Where whoever started this has closed it, the number may be something of Node's own.
  if (!isPipe(Number(descriptor)))
    throw outside(`descriptor ${descriptor}, which TSS_PROGRESS_FD names, is not the task's`);
  writeSync(Number(descriptor), `${JSON.stringify(line)}\n`);
}

function isPipe(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
}

function outside(why: string): TssError {
  return new TssError("FAILED_PRECONDITION", `tss progress works inside a task alone: ${why}.`, { reason: "NO_TASK" });
}
