import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import { TssCommand } from "../base-command.ts";
import { UsageError } from "../errors.ts";
import { followAndPrint } from "../follow/follow-and-print.ts";
import { splitArgv } from "../split-argv.ts";
import { submitTask } from "../submit-task.ts";
import { TASK_FLAGS } from "../task-flags.ts";
import { specFromFlags } from "../task-spec.ts";

export default class Run extends TssCommand {
  static override summary = "run a command on a worker as if it ran here";
  static override description =
    "Creates a task, shows its output from the first byte (stdout on stdout, stderr on stderr, bytes untouched) and ends " +
    "with the command's exit code. Ctrl-C cancels the task; a second Ctrl-C leaves it to itself. A lost connection is " +
    "taken up where it broke.";
  static override usage = "run [FLAGS] -- COMMAND [ARGUMENT...]";
  static override examples = [
    "<%= config.bin %> run -- make -j2",
    "<%= config.bin %> run --queue media --timeout 10m -- ffmpeg -i in.mov out.mp4",
    "<%= config.bin %> run -- sh -c 'sort < words | uniq -c'",
  ];
  static override flags = TASK_FLAGS;

  async run(): Promise<unknown> {
    const { own, command } = splitArgv(this.argv);
    // Without "--" the command's own flags would be taken for ours: they are not looked at.
    const { flags } = await this.parse(Run, command === undefined ? [] : own);
    if (command === undefined || command.length === 0)
      throw new UsageError('The command to run comes after "--": tss run -- make -j2');
    const tasks = await this.service(TaskService);
    const { id } = await submitTask(tasks, specFromFlags({ argv: command }, flags, process.env));
    return followAndPrint(tasks, id, this.jsonEnabled());
  }
}
