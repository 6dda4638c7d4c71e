import { COMMANDS } from "./command-table.ts";
import { reportError, UsageError } from "./errors.ts";
import { loadCommands } from "./loaded-commands.ts";
import { HELP_OPTIONS, loadOclifConfig } from "./oclif-config.ts";
import { type Request, resolveCommand } from "./resolve-command.ts";

/** Runs one command line from its words to the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  try {
    await carryOut(resolveCommand(argv));
  } catch (error) {
    process.exitCode = reportError(error, argv.includes("--json"));
  }
}

async function carryOut(request: Request): Promise<void> {
  switch (request.kind) {
    case "command": {
      await loadCommands([request.id]);
      const config = await loadOclifConfig();
      await config.runCommand(request.id, [...request.argv]);
      return;
    }
    case "help":
      return showHelp(request.words);
    case "unknown":
      throw new UsageError(
        request.words.startsWith("-")
          ? `A command comes first; ${request.words} is a flag. "tss --help" lists the commands.`
          : `"tss ${request.words}" is not a command.${request.suggestion ? ` Did you mean "tss ${request.suggestion}"?` : ""} "tss --help" lists them all.`,
      );
  }
}

async function showHelp(words: readonly string[]): Promise<void> {
  const id = words.join(":");
  const ids = COMMANDS[id] === undefined ? Object.keys(COMMANDS).filter((name) => name.startsWith(id)) : [id];
  const [{ Help }] = await Promise.all([import("@oclif/core/help"), loadCommands(ids)]);
  const config = await loadOclifConfig();
  await new Help(config, HELP_OPTIONS).showHelp([...words]);
}
