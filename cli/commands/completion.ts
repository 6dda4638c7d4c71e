import * as Args from "@oclif/core/args";
import { TssCommand } from "../base-command.ts";
import { commandShapes } from "../command-shapes.ts";
import { TOPICS } from "../command-table.ts";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";

export default class Completion extends TssCommand {
  static override summary = "print a script that completes tss in a shell";
  static override description =
    "Prints a script for bash, zsh or fish that completes commands, flags, and ids of tasks, queues, workers and keys.";
  static override examples = [
    "source <(<%= config.bin %> completion bash)",
    "source <(<%= config.bin %> completion zsh)",
    "<%= config.bin %> completion fish | source",
  ];
  static override args = {
    shell: Args.string({ description: "bash, zsh or fish", required: true, options: ["bash", "zsh", "fish"] }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(Completion);
    const shapes = await commandShapes();
    const script =
      args.shell === "bash"
        ? bashScript(shapes)
        : args.shell === "zsh"
          ? zshScript(shapes, TOPICS)
          : fishScript(shapes, TOPICS);
    await this.print(script);
    return { shell: args.shell, script };
  }
}
