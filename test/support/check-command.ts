import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Parser } from "@oclif/core";
import { COMMANDS } from "../../cli/command-table.ts";
import { parserMessage } from "../../cli/parser-errors.ts";
import { resolveCommand } from "../../cli/resolve-command.ts";
import { splitArgv } from "../../cli/split-argv.ts";
import { openApi } from "../../gateway/openapi/openapi.ts";
import { SETTINGS } from "../../runtime/settings-table.ts";
import type { DryCommand } from "./dry-shell.ts";
import { ROOT } from "./run-tss.ts";

type Check = (args: readonly string[], folder: string) => string | undefined | Promise<string | undefined>;

const SCRIPTS = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> })
  .scripts;
const PATHS = Object.keys((openApi() as { paths: Record<string, object> }).paths);

/** What is wrong with a call of each program; undefined: nothing. */
const CHECKS: Readonly<Record<string, Check>> = {
  tss: checkTss,
  "tss-agent": ([word, ...args], folder) =>
    word === "join"
      ? checkJoin(args)
      : onlyOptions(["--version", "--help", "--check"])([word ?? ""].filter(Boolean), folder),
  "tss-coordinator": onlyOptions(["--version", "--help", "--take-over"]),
  npx: ([program = "", ...args], folder) => (CHECKS[program] ?? unknown)(args, folder),
  npm: checkNpm,
  node: ([file = ""], folder) => missingFile(file, folder),
  python: checkPython,
  go: ([verb, file = ""], folder) => (verb === "run" ? missingFile(file, folder) : undefined),
  pip: ([verb, ...what]) => (verb === "install" ? missing(what.filter((one) => one.startsWith("./"))) : verb),
  curl: checkCurl,
  sudo: ([program = "", ...args], folder) => CHECKS[program]?.(args, folder),
  sh: ([file = "", ...args]) => checkInstaller(file, args),
  cc: (args) => missing(args.filter((one) => one.endsWith(".c"))),
  make: (args) => missing([`${args[args.indexOf("-C") + 1]}/Makefile`]),
  "resize-all.sh": () => missing(["examples/images/resize-all.sh"]),
  submit: () => missing(["examples/cpp/submit.cc"]),
  worker: () => missing(["examples/cpp/worker.cc"]),
};

/** Programs of the system, whose options are their own. */
const SYSTEM = [
  "cat",
  "cp",
  "editor",
  "head",
  "install",
  "mkdir",
  "pg_dump",
  "pg_restore",
  "rm",
  "sed",
  "seq",
  "sqlite3",
  "systemctl",
];

export const PROGRAMS: readonly string[] = [
  ...Object.keys(CHECKS).filter((name) => !["resize-all.sh", "submit", "worker"].includes(name)),
  "examples/images/resize-all.sh",
  "examples/cpp/build/submit",
  "examples/cpp/build/worker",
  ...SYSTEM,
];

/** What is wrong with a command that a page shows, one sentence; undefined: nothing. */
export async function wrongWith({ words, folder, settings }: DryCommand): Promise<string | undefined> {
  const stray = settings.find((name) => !(name in SETTINGS));
  if (stray !== undefined) return `${stray} is no setting.`;
  const [program = "", ...args] = words;
  return CHECKS[program]?.(args, folder);
}

async function checkTss(args: readonly string[]): Promise<string | undefined> {
  const request = resolveCommand(args);
  if (request.kind === "help") return args.length === 0 || args.includes("--help") ? undefined : "It names no command.";
  if (request.kind === "unknown") return `There is no "tss ${request.words}".`;
  const command = (await COMMANDS[request.id]?.())?.default;
  if (command === undefined) return `There is no "tss ${request.id}".`;
  const { own, command: rest } = splitArgv(request.argv);
  if (rest !== undefined && !/^(run|task:create|lock:run)$/.test(request.id)) return `${request.id} takes no command.`;
  const flags = { ...command.flags, ...command.baseFlags };
  try {
    const argv = own.filter((word) => word !== "--json" || !command.enableJsonFlag);
    await Parser.parse(argv, { flags, args: fromLine(command.args), strict: command.strict });
    return undefined;
  } catch (error) {
    return parserMessage(error as Error);
  }
}

/** The parser reads an argument that is absent from standard input, unless it is told not to. */
function fromLine(args: Command.Class["args"]): Command.Class["args"] {
  return Object.fromEntries(Object.entries(args).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]));
}

function checkJoin([address = "", ...rest]: readonly string[]): string | undefined {
  const [flag, token = "", ...more] = rest;
  const byFlag = flag === "--token" && token !== "" && more.length === 0;
  if (!/:\d+$/.test(address) || !(rest.length === 0 || byFlag))
    return "tss-agent join takes HOST:PORT, and --token TOKEN or TSS_JOIN_TOKEN.";
  return undefined;
}

function checkNpm([verb = "", name = "", ...rest]: readonly string[]): string | undefined {
  if (verb === "install" || verb === "pack" || verb === "root" || verb === "i") return undefined;
  if (verb === "start" || verb === "test")
    return missing(
      [name === "--" ? (rest[0] ?? "") : name].filter(
        (one) => one.includes("/") && !existsSync(join(ROOT, `${one}.test.ts`)),
      ),
    );
  if (verb !== "run") return `npm ${verb} is not looked at here.`;
  return SCRIPTS[name] === undefined ? `package.json has no script ${name}.` : undefined;
}

function checkPython(args: readonly string[], folder: string): string | undefined {
  if (args[0] !== "-m") return missingFile(args[0] ?? "", folder);
  const at = args.indexOf("--app-dir");
  const [module = ""] = args.find((one) => /^\w+:\w+$/.test(one))?.split(":") ?? [];
  return at < 0 ? `${args[1]} is not looked at here.` : missing([`${args[at + 1]}/${module}.py`]);
}

/** Calls of the gateway: the path with its verb is in the OpenAPI document, the body is JSON. */
function checkCurl(args: readonly string[]): string | undefined {
  const url = args.find((one) => /^(http:\/\/)?(127\.0\.0\.1|localhost):/.test(one));
  if (url === undefined) return "It calls nobody.";
  const body = args[args.indexOf("-d") + 1];
  if (args.includes("-d")) JSON.parse(body ?? "");
  const { port, pathname } = new URL(url.startsWith("http") ? url : `http://${url}`);
  const verb = args.includes("-X") ? args[args.indexOf("-X") + 1] : args.includes("-d") ? "POST" : "GET";
  if (port !== "7480") return undefined;
  const path = PATHS.find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname));
  const verbs = Object.keys((openApi() as { paths: Record<string, object> }).paths[path ?? ""] ?? {});
  return verbs.includes(String(verb).toLowerCase()) ? undefined : `The gateway has no ${verb} ${pathname}.`;
}

function checkInstaller(file: string, args: readonly string[]): string | undefined {
  if (!file.endsWith("install.sh")) return `${file} is not looked at here.`;
  const text = readFileSync(join(ROOT, "deploy/install.sh"), "utf8");
  return args.find((one) => one.startsWith("--") && !text.includes(`    ${one}) `))
    ? `install.sh has no ${args[0]}.`
    : undefined;
}

function onlyOptions(known: readonly string[]): Check {
  return (args) => args.filter((one) => !known.includes(one)).map((one) => `There is no option ${one}.`)[0];
}

function unknown(): string {
  return `It is none of ${Object.keys(CHECKS).join(", ")}.`;
}

function missingFile(file: string, folder: string): string | undefined {
  return missing([join(folder, file)]);
}

function missing(files: readonly string[]): string | undefined {
  const absent = files.filter((file) => !existsSync(join(ROOT, file)));
  return absent.length === 0 ? undefined : `${absent.join(", ")} is not there.`;
}
