import { FIELDS, findField } from "./fields.ts";
import { quote, tokenize } from "./tokenize.ts";

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
  const start = token?.start ?? cursor;
  const end = token?.end ?? cursor;
  const put = (term: string, more: string): Pick<Suggestion, "text" | "cursor"> => ({
    text: text.slice(0, start) + term + more + text.slice(end).trimStart(),
    cursor: start + term.length + more.length,
  });
  if (token === undefined || token.key === "") {
    const begun = token?.value.toLowerCase() ?? "";
    return FIELDS.filter(({ name }) => name.startsWith(begun)).map(({ name, hint, example }) => ({
      label: `${name}:`,
      hint: `${hint}, e.g. ${example}`,
      ...put(`${name}:`, ""),
    }));
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
