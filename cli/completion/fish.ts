import type { CommandShape, FlagShape } from "../command-shapes.ts";
import { argumentValues, flagValues, type Values } from "./value-kind.ts";

/** The script that makes fish complete `tss`. */
export function fishScript(commands: readonly CommandShape[], topics: Readonly<Record<string, string>>): string {
  const lines = [
    "# Completion of tss for fish. Put this line into ~/.config/fish/config.fish:",
    "#   tss completion fish | source",
    "function __tss_at",
    "  set -l words (string match -v -- '-*' (commandline -opc))[2..-1]",
    "  set -q words[1]; and set words[1] (string replace -r '^(task|worker|queue|key)s$' '$1' -- $words[1])",
    "  test (count $words) -ge (count $argv); or return 1",
    `  test (count $argv) -eq 0; and test (count $words) -gt 0; and return 1`,
    `  test "$words[1..(count $argv)]" = "$argv"`,
    "end",
    "function __tss_topic; __tss_at $argv[1]; and test (count (string match -v -- '-*' (commandline -opc))) -eq 2; end",
    "complete -c tss -f",
  ];
  const add = (condition: string, rest: string) => lines.push(`complete -c tss -n ${quote(condition)} ${rest}`);
  for (const [topic, text] of Object.entries(topics)) add("__tss_at", `-a ${topic} -d ${quote(text)}`);
  for (const command of commands) {
    const [first = "", second] = command.name.split(" ");
    if (second === undefined) add("__tss_at", `-a ${first} -d ${quote(command.summary)}`);
    else add(`__tss_topic ${first}`, `-a ${second} -d ${quote(command.summary)}`);
    for (const flag of command.flags) add(`__tss_at ${command.name}`, flagOption(flag));
    const values = valueOption(argumentValues(command));
    if (values !== "") add(`__tss_at ${command.name}`, values);
  }
  return `${lines.join("\n")}\n`;
}

function flagOption(flag: FlagShape): string {
  const char = flag.char === undefined ? "" : ` -s ${flag.char}`;
  const value = flag.value === undefined ? "" : ` -r ${valueOption(flagValues(flag))}`;
  return `-l ${flag.name}${char}${value} -d ${quote(flag.description)}`;
}

function valueOption(values: Values): string {
  switch (values?.kind) {
    case "words":
      return `-a ${quote(values.words.join(" "))}`;
    case "asked":
      return `-a ${quote(`(tss complete ${values.values} 2>/dev/null)`)}`;
    case "files":
      return "-F";
    default:
      return "";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
