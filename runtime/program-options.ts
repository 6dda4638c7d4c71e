import { EXIT } from "./exit-codes.ts";
import { SETTINGS, type Settings } from "./settings-table.ts";
import { readVersion } from "./version.ts";

/** What a program of its own says about itself. */
export interface Program {
  readonly name: string;
  /** What it is for, one sentence. */
  readonly does: string;
  /** Options it knows beside --help and --version, with what each does. */
  readonly options?: Readonly<Record<string, string>>;
  /** What it does in place of its service, with what follows its name, and what that is. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Settings a person who starts it looks at first. */
  readonly settings: readonly (keyof Settings)[];
}

const COMMON = { "--help": "show this and end", "--version": "show the version and end" };
const SHORT: Readonly<Record<string, string>> = { "-h": "--help", "-v": "--version" };

/**
 * The options a service was started with. Answers --help and --version, and refuses what it does not know: all else is set
 * by the environment.
 * @returns undefined when everything is said and the program ends.
 */
export function readOptions(
  program: Program,
  argv: readonly string[],
  host: Pick<NodeJS.Process, "stdout" | "stderr" | "exitCode"> = process,
): ReadonlySet<string> | undefined {
  const own = Object.keys(program.options ?? {});
  const given = new Set(argv.map((argument) => SHORT[argument] ?? argument));
  if (given.has("--help")) return void host.stdout.write(helpText(program));
  if (given.has("--version")) return void host.stdout.write(versionText(program));
  const unknown = [...given].find((option) => !own.includes(option));
  if (unknown === undefined) return given;
  const known = [...own, ...Object.keys(COMMON)];
  host.stderr.write(
    `${program.name}: ${JSON.stringify(unknown)} is no option of ${program.name}: it knows ${known.join(", ")}; all else is set by TSS_* (docs/configuration.md).\n`,
  );
  host.exitCode = EXIT.failed;
  return undefined;
}

function versionText({ name }: Program): string {
  return `${name}/${readVersion()} ${process.platform}-${process.arch} node-${process.version}\n`;
}

function helpText({ name, does, options = {}, commands = {}, settings }: Program): string {
  const flags = Object.keys(options).map((option) => ` [${option}]`);
  const shown = settings.map((setting) => {
    const { meaning, fallback } = SETTINGS[setting];
    return [setting, `${meaning}${isShown(fallback) ? ` (${fallback})` : ""}`] as const;
  });
  return [
    does,
    "",
    [`Usage: ${name}${flags.join("")}`, ...Object.keys(commands).map((command) => `${name} ${command}`)].join(
      "\n       ",
    ),
    "",
    ...lines(Object.entries({ ...commands, ...options, ...COMMON })),
    "",
    "It is set by the environment and .env in its folder; docs/configuration.md lists everything. First of all:",
    ...lines(shown),
    "",
  ].join("\n");
}

function isShown(fallback: unknown): boolean {
  return (typeof fallback === "string" && fallback !== "") || typeof fallback === "number";
}

function lines(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
