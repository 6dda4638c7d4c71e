import type { ReactNode } from "react";
import type { SearchProblem } from "../../../../proto/search/parse-search.ts";

/** The text again, unseen, behind the field: it carries the marks under the words that cannot be searched for. */
export function MarkedText({ text, problems }: { readonly text: string; readonly problems: readonly SearchProblem[] }) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { start, end } of [...problems].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    parts.push(text.slice(at, start), <u key={start}>{text.slice(start, end)}</u>);
    at = end;
  }
  return (
    <div className="search-marks" aria-hidden="true">
      {parts}
      {text.slice(at)}
    </div>
  );
}
