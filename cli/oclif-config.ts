import path from "node:path";
import { Config } from "@oclif/core/config";
import { settings } from "@oclif/core/settings";
import { readVersion } from "../runtime/version.ts";
import { TOPICS } from "./command-table.ts";
import { LOADED_COMMANDS_FILE } from "./loaded-commands.ts";

export const HELP_OPTIONS = { flagSortOrder: "none", hideCommandSummaryInDescription: true } as const;

/** oclif's configuration for the commands that are loaded; nothing is read from disk or from the user's folders. */
export function loadOclifConfig(): Promise<Config> {
  // Node.js runs the sources as they are; oclif would look for other ways when NODE_ENV is "development".
  settings.enableAutoTranspile = false;
  return Config.load({
    root: path.join(import.meta.dirname, ".."),
    ignoreManifest: true,
    userPlugins: false,
    devPlugins: false,
    pjson: {
      name: "tss",
      version: readVersion(),
      type: "module",
      description: "Runs work somewhere else, later, reliably.",
      oclif: {
        bin: "tss",
        dirname: "tss",
        topicSeparator: " ",
        topics: Object.fromEntries(Object.entries(TOPICS).map(([name, description]) => [name, { description }])),
        commands: { strategy: "explicit", target: LOADED_COMMANDS_FILE, identifier: "loadedCommands" },
      },
    },
  });
}
