import { displayText } from "../ui/display-text.ts";
import { Glyph } from "../ui/glyph.tsx";
import { severityLook } from "./severity.ts";
import { SubjectLink } from "./subject-link.tsx";
import type { OverviewNow } from "./use-overview.ts";

/** The state of the whole in a sentence, what to do about it, and the way to where it is seen. */
export function VerdictBanner({ now }: { readonly now: OverviewNow }) {
  const { severity, sentence, problemId } = now.verdict;
  const { word, meaning, glyph } = severityLook(severity);
  const problem = now.problems.find(({ id }) => id === problemId);
  return (
    <section className={`why verdict ${meaning}`} aria-label="Verdict">
      <Glyph name={glyph} />
      <div>
        <p className="verdict-sentence" role="status">
          <span className="off-screen">{word}: </span>
          {displayText(sentence ?? "…")}
        </p>
        {problem?.action !== undefined && <p>{displayText(problem.action)}</p>}
      </div>
      {problem?.subject !== undefined && <SubjectLink subject={problem.subject}>See why</SubjectLink>}
    </section>
  );
}
