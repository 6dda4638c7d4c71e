import { UsageError } from "./errors.ts";

/** The ids a command was given, each once. @throws UsageError for an empty one, as an unset shell variable gives. */
export function idsOf(argv: readonly unknown[]): string[] {
  const ids = [...new Set(argv.map(String))];
  if (ids.some((id) => id.trim() === "")) throw new UsageError("An id is empty; is a variable of your shell not set?");
  return ids;
}
