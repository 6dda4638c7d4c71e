import { FIELDS, findField } from "../../../../../proto/search/fields.ts";
import { quote, tokenize } from "../../../../../proto/search/tokenize.ts";

export interface Suggestion {
  /** What stands in the list. */
  readonly label: string;
  readonly hint: string;
  /** The whole text when it is taken, and where the cursor goes. */
  readonly text: string;
  readonly cursor: number;
}

/** How the word at the cursor might go on. @param known values met in practice, by field. */
export function suggest(
  text: string,
  cursor: number,
  known: Readonly<Record<string, readonly string[]>>,
): readonly Suggestion[] {
  const token = tokenize(text).find(({ start, end }) => start < cursor && cursor <= end);
  const negated = token?.negated === true;
  const minus = negated ? "-" : "";
  const start = (token?.start ?? cursor) + (negated ? 1 : 0);
  const end = token?.end ?? cursor;
  const put = (term: string, more: string): Pick<Suggestion, "text" | "cursor"> => ({
    text: text.slice(0, start) + term + more + text.slice(end).trimStart(),
    cursor: start + term.length + more.length,
  });
  if (token === undefined || token.key === "") {
    const begun = token?.value.toLowerCase() ?? "";
    return FIELDS.filter(
      ({ name, leaveOut }) => name.startsWith(begun) && !(negated && typeof leaveOut === "string"),
    ).map(({ name, hint, example }) => {
      // Behind `args.` comes a path.
      const head = /^\w+[.:]/.exec(example)?.[0] ?? `${name}:`;
      return { label: `${minus}${head}`, hint: `${hint}, e.g. ${minus}${example}`, ...put(head, "") };
    });
  }
  const field = findField(token.key);
  if (field === undefined) return [];
  const before = token.value.split(",").slice(0, -1);
  const begun = (token.value.split(",").at(-1) ?? "").toLowerCase();
  const values = field.values ?? known[field.name] ?? [];
  return values
    .filter((value) => value.toLowerCase().startsWith(begun) && value !== begun && !before.includes(value))
    .slice(0, 8)
    .map((value) => ({
      label: value,
      hint: "",
      ...put(`${field.name}:${quote([...before, value].join(","))}`, " "),
    }));
}
