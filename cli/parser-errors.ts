import { nearest } from "../runtime/nearest.ts";

/** What oclif's parser throws, as far as it is looked at. */
interface ParserError {
  readonly message: string;
  /** Flags there are not. */
  readonly flags?: readonly string[];
  /** Arguments that are missing, or the words too many. */
  readonly args?: readonly (string | { readonly name: string; readonly description?: string })[];
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
}

/** One sentence for a command line that cannot be parsed. */
export function parserMessage(error: ParserError): string {
  const [flag] = error.flags ?? [];
  if (flag !== undefined && error.message.startsWith("Nonexistent")) {
    const near = nearest(flag.replace(/^-+/, ""), Object.keys(error.parse?.input?.flags ?? {}));
    return `There is no flag ${flag} here${near === undefined ? "" : `; did you mean --${near}`}${near === undefined ? "." : "?"}`;
  }
  const missing = (error.args ?? []).flatMap((argument) => (typeof argument === "string" ? [] : [argument]));
  if (missing.length > 0 && error.message.startsWith("Missing"))
    return `${missing.map(({ name, description = "" }) => `${name.toUpperCase()} is missing: ${description}`).join("; ")}.`;
  const [extra] = (error.args ?? []).filter((word) => typeof word === "string");
  if (extra !== undefined && error.message.startsWith("Unexpected"))
    return `${JSON.stringify(extra)} is one word too many here; a text with spaces needs quotes.`;
  return error.message
    .replace(/\nSee more help with --help$/, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(/^Missing required flag (\S+)$/, "--$1 is missing; --help says what it takes.")
    .replace(/^Parsing (--\S+)\s*/, "$1: ")
    .replace(/\n\s*/g, "\n");
}
