import type { Command } from "@oclif/core/command";
import { COMMANDS } from "./command-table.ts";

/** What oclif takes for the whole command line: the commands this run has loaded. */
export const loadedCommands: Record<string, Command.Class> = {};

/** Imports the named commands, so that oclif finds them. */
export async function loadCommands(ids: readonly string[]): Promise<void> {
  const modules = await Promise.all(ids.map((id) => COMMANDS[id]?.()));
  for (const [index, id] of ids.entries()) {
    const module = modules[index];
    if (module !== undefined) loadedCommands[id] = module.default;
  }
}

/** Path of this module, which oclif imports `loadedCommands` from. */
export const LOADED_COMMANDS_FILE = import.meta.filename;
