import * as Flags from "@oclif/core/flags";
import { readDuration } from "../runtime/settings-parse.ts";
import { UsageError } from "./errors.ts";
import { readTime } from "./read-time.ts";

/** A duration such as 30s, 5m or 2h; the command gets milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: "30s|5m|2h",
  parse: async (text) => {
    const value = readDuration(text);
    if (value === undefined) throw new UsageError(`"${text}" is not a duration; write 500ms, 30s, 5m, 2h or 7d`);
    return value;
  },
});

/** A point in time; the command gets milliseconds since 1970. */
export const timeFlag = Flags.custom<number>({
  helpValue: "TIME",
  parse: async (text) => {
    const value = readTime(text, Date.now());
    if (value === undefined)
      throw new UsageError(`"${text}" is not a time; write 2026-11-24T18:00, 2026-11-24T17:00:00Z or 18:00`);
    return value;
  },
});

/** `name=value`, given as often as needed; nothing after the value is swallowed. */
export const pairsFlag = Flags.custom<string>({
  helpValue: "NAME=VALUE",
  multiple: true,
  multipleNonGreedy: true,
  parse: async (text) => {
    if (text.indexOf("=") < 1) throw new UsageError(`"${text}" is not NAME=VALUE`);
    return text;
  },
});

/** The pairs of a repeated flag as one object; the last of a name counts. */
export function pairs(items: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (items ?? []).map((item) => [item.slice(0, item.indexOf("=")), item.slice(item.indexOf("=") + 1)]),
  );
}
