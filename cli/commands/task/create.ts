import * as Flags from "@oclif/core/flags";
import { TaskSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { readTask } from "../../../sdk/typescript/client/wait-for-end.ts";
import { TssCommand } from "../../base-command.ts";
import { UsageError } from "../../errors.ts";
import { followAndPrint } from "../../follow/follow-and-print.ts";
import { waitAndReport } from "../../follow/wait-and-report.ts";
import { readPayload } from "../../read-payload.ts";
import { messageJson } from "../../render/message-json.ts";
import { printable } from "../../render/printable.ts";
import { splitArgv } from "../../split-argv.ts";
import { submitTask } from "../../submit-task.ts";
import { TASK_FLAGS } from "../../task-flags.ts";
import { specFromFlags, type Work } from "../../task-spec.ts";

export default class TaskCreate extends TssCommand {
  static override summary = "create a task";
  static override description =
    "Creates a task and prints its id. It runs a shell line (--command), a program with arguments (after --), or a " +
    "handler (--type, with --payload as its input).";
  static override usage = [
    "task create --command LINE [FLAGS]",
    "task create [FLAGS] -- PROGRAM [ARGUMENT...]",
    "task create --type HANDLER [--payload JSON] [FLAGS]",
  ];
  static override examples = [
    "<%= config.bin %> task create --name report --command './report.sh > out.txt' --retries 3 --timeout 10m",
    '<%= config.bin %> task create --type email.send --payload \'{"to":"ada@example.com"}\' --queue mail',
    "<%= config.bin %> task create --delay 1h --wait -- ./cleanup --all",
    "<%= config.bin %> task create --type resize --payload @job.json --follow",
  ];
  static override flags = {
    command: Flags.string({
      char: "c",
      helpValue: "LINE",
      description: "line for the worker's shell",
      exclusive: ["type"],
    }),
    type: Flags.string({ helpValue: "HANDLER", description: "name of the handler that runs it" }),
    payload: Flags.string({
      helpValue: "JSON|@FILE|-",
      description: "input of the task: JSON, a file of it, or - for stdin",
    }),
    ...TASK_FLAGS,
    wait: Flags.boolean({ char: "w", description: "wait for the end; exit 0 if it succeeded and 1 if not" }),
    follow: Flags.boolean({
      char: "f",
      description: "show its output until the end and exit with its code",
      exclusive: ["wait"],
    }),
  };

  async run(): Promise<unknown> {
    const { own, command: argv } = splitArgv(this.argv);
    const { flags } = await this.parse(TaskCreate, own);
    const work = workOf(flags.command, flags.type, argv);
    const spec = specFromFlags(work, flags, process.env);
    if (flags.payload !== undefined) spec.payload = await readPayload(flags.payload);
    const tasks = await this.service(TaskService);
    const { id, duplicate } = await submitTask(tasks, spec);
    if (flags.follow) return followAndPrint(tasks, id, this.jsonEnabled());
    if (flags.wait) {
      await this.print(`${printable(id)}\n`);
      const [task] = await waitAndReport(tasks, [id], { silent: this.jsonEnabled() });
      return task === undefined ? undefined : { ...messageJson(TaskSchema, task), duplicate };
    }
    if (this.jsonEnabled()) return { ...messageJson(TaskSchema, await readTask(tasks, id)), duplicate };
    await this.print(`${printable(id)}\n`);
    if (duplicate) this.note("The idempotency key had made this task before.");
    return undefined;
  }
}

function workOf(command: string | undefined, type: string | undefined, argv: readonly string[] | undefined): Work {
  const given = [command, type, argv].filter((item) => item !== undefined);
  if (given.length !== 1 || argv?.length === 0)
    throw new UsageError(
      'A task runs one thing: give --command LINE, --type HANDLER, or a program after "--" (see tss task create --help).',
    );
  if (command !== undefined) return { command };
  return type !== undefined ? { type } : { argv: argv ?? [] };
}
