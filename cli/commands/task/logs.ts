import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { followOutput, type OutputPiece, readOutput } from "../../../sdk/typescript/client/follow-output.ts";
import { createPatience } from "../../../sdk/typescript/client/patience.ts";
import { readTask } from "../../../sdk/typescript/client/wait-for-end.ts";
import { TssCommand } from "../../base-command.ts";
import { pieceJson } from "../../follow/follow-and-print.ts";
import { createOutputWriter } from "../../follow/output-writer.ts";

/** Longest time without a coordinator before following ends with UNAVAILABLE. */
const GIVE_UP_MS = 300_000;

export default class TaskLogs extends TssCommand {
  static override summary = "show the output of a task";
  static override description =
    "Shows what a task wrote: its stdout on stdout and its stderr on stderr. Without --attempt it is the newest attempt; " +
    "with --follow every attempt from the first byte until the task has ended. On a terminal, escape sequences other " +
    "than colours are left out.";
  static override examples = [
    "<%= config.bin %> task logs 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task logs -f 06C4XK0Q7M8P2R9T1V3W5Y7ZAB",
    "<%= config.bin %> task logs 06C4XK0Q7M8P2R9T1V3W5Y7ZAB --attempt 1 --stream stderr > errors.txt",
  ];
  static override args = { id: Args.string({ description: "id of the task", required: true }) };
  static override flags = {
    follow: Flags.boolean({ char: "f", description: "go on until the task has ended" }),
    attempt: Flags.integer({ helpValue: "N", min: 1, description: "attempt to show", exclusive: ["follow"] }),
    offset: Flags.integer({ helpValue: "BYTE", min: 0, description: "first byte to show", exclusive: ["follow"] }),
    stream: Flags.option({
      options: ["stdout", "stderr", "both"] as const,
      default: "both",
      description: "which output to show",
    })(),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(TaskLogs);
    const tasks = await this.service(TaskService);
    // A coordinator that is away from the start is not waited for.
    await readTask(tasks, args.id);
    const { signal } = new AbortController();
    const patience = createPatience(
      GIVE_UP_MS,
      () => process.stderr.isTTY && this.note("tss: connection lost, trying again"),
    );
    const pieces: AsyncIterable<OutputPiece> = flags.follow
      ? followOutput(tasks, args.id, signal, patience)
      : readOutput(tasks, { id: args.id, attempt: flags.attempt ?? 0, offset: BigInt(flags.offset ?? 0) });
    const wanted = { stdout: flags.stream !== "stderr", stderr: flags.stream !== "stdout" };
    const writer = createOutputWriter(wanted);
    for await (const piece of pieces) {
      const document = pieceJson(piece);
      if (!this.jsonEnabled()) await writer.write(piece);
      else if (wanted[document.stream]) await this.printDocument(document);
    }
    await writer.end();
    return undefined;
  }
}
