import type { CommandShape, FlagShape } from "../command-shapes.ts";
import { columns, pad } from "../render/width.ts";

/** docs/cli.md: the introduction and a section for every command. */
export function renderDocs(intro: string, commands: readonly CommandShape[]): string {
  const list = commands.map(({ name, summary }) => `- [\`tss ${name}\`](#${anchor(name)}): ${summary}`);
  return [intro.trimEnd(), "## Commands", list.join("\n"), ...commands.map(section)].join("\n\n").concat("\n");
}

function section(command: CommandShape): string {
  const { name, usage, description, args, flags, examples } = command;
  const own = flags.filter((flag) => flag.name !== "json" && flag.name !== "coordinator");
  const parts = [
    `### tss ${name}`,
    description,
    `\`\`\`sh\n${usage.join("\n")}\n\`\`\``,
    table(
      ["argument", "meaning"],
      args.map((arg) => [`\`${arg.name.toUpperCase()}\``, arg.description]),
    ),
    table(
      ["flag", "meaning"],
      own.map((flag) => [flagCell(flag), flagMeaning(flag)]),
    ),
    examples.length === 0 ? "" : `Examples:\n\n\`\`\`sh\n${examples.join("\n")}\n\`\`\``,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const cells = [titles, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = titles.map((_, at) => Math.max(...cells.map((row) => columns(row[at] ?? ""))));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => pad(cell, widths[at] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function flagCell(flag: FlagShape): string {
  const char = flag.char === undefined ? "" : `\`-${flag.char}\`, `;
  return `${char}\`--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}\``;
}

function flagMeaning(flag: FlagShape): string {
  const notes = [
    flag.required ? "required" : "",
    flag.defaultValue === undefined ? "" : `default ${flag.defaultValue}`,
  ];
  const shown = notes.filter((note) => note !== "");
  return flag.description + (shown.length === 0 ? "" : ` (${shown.join(", ")})`);
}

function anchor(name: string): string {
  return `tss-${name.replaceAll(" ", "-")}`;
}
