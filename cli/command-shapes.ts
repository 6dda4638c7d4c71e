import type { Command } from "@oclif/core/command";
import { COMMANDS } from "./command-table.ts";

/** One flag of a command, as completions and docs/cli.md need it. */
export interface FlagShape {
  readonly name: string;
  readonly char: string | undefined;
  readonly description: string;
  /** What stands for its value; undefined for a flag without one. */
  readonly value: string | undefined;
  readonly options: readonly string[];
  readonly required: boolean;
  readonly defaultValue: string | undefined;
}

export interface CommandShape {
  /** "task create". */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: readonly string[];
  readonly examples: readonly string[];
  readonly args: readonly { readonly name: string; readonly description: string; readonly required: boolean }[];
  readonly flags: readonly FlagShape[];
}

/** The shape of every command that is not hidden, in the order of the table. */
export async function commandShapes(): Promise<CommandShape[]> {
  const loaded = await Promise.all(
    Object.entries(COMMANDS).map(async ([id, load]) => ({ id, command: (await load()).default })),
  );
  return loaded
    .filter(({ command }) => !command.hidden)
    .map(({ id, command }) => shapeOf(id.replace(":", " "), command));
}

function shapeOf(name: string, command: Command.Class): CommandShape {
  const args = Object.entries(command.args).map(([arg, { description = "", required = false }]) => ({
    name: arg,
    description,
    required,
  }));
  const words = args.map((arg) => (arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`));
  const usage = command.usage === undefined ? [[name, ...words, "[FLAGS]"].join(" ")] : [command.usage].flat();
  const flags = Object.entries({ ...command.flags, ...command.baseFlags }).map(([flag, shape]) =>
    flagShape(flag, shape),
  );
  if (command.enableJsonFlag) flags.push(JSON_FLAG);
  const examples = (command.examples ?? []).filter((example) => typeof example === "string");
  return {
    name,
    summary: command.summary ?? "",
    description: command.description ?? "",
    usage: usage.map((line) => `tss ${line}`),
    examples: examples.map((example) => example.replaceAll("<%= config.bin %>", "tss")),
    args,
    flags,
  };
}

const JSON_FLAG: FlagShape = {
  name: "json",
  char: undefined,
  description: "print JSON on stdout and nothing else",
  value: undefined,
  options: [],
  required: false,
  defaultValue: undefined,
};

function flagShape(name: string, flag: Command.Class["flags"][string]): FlagShape {
  const option = flag.type === "option" ? flag : undefined;
  const options = option?.options ?? [];
  const help = option?.helpValue;
  return {
    name,
    char: flag.char,
    description: flag.description ?? "",
    value: option === undefined ? undefined : options.length > 0 ? options.join("|") : ([help].flat()[0] ?? "VALUE"),
    options,
    required: flag.required ?? false,
    defaultValue: option?.default === undefined ? undefined : String(option.default),
  };
}
