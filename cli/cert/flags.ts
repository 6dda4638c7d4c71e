import * as Flags from "@oclif/core/flags";
import { DEFAULT_FOLDER } from "./folder.ts";

/** What every command that makes certificates takes. */
export const certFlags = (days: number) => ({
  dir: Flags.string({ description: "folder of the authority and of what it signs", default: DEFAULT_FOLDER }),
  days: Flags.integer({
    description: "how long it is valid, at most as long as the authority",
    default: days,
    min: 1,
    max: 3_650,
  }),
  force: Flags.boolean({ description: "replace files that are already there" }),
});
