import type { ProblemJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { CommandLine } from "../explain/reasons.tsx";
import { Age } from "../time/time.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { ServerText } from "../ui/server-text.tsx";
import { severityLook } from "./severity.ts";
import { SubjectLink } from "./subject-link.tsx";

/** What is wrong, worst first: what it is, since when, and what to do. */
export function ProblemList({ problems }: { readonly problems: readonly ProblemJson[] }) {
  if (problems.length === 0) return <p className="dim">None is known.</p>;
  return (
    <ul className="problems">
      {problems.map((problem) => (
        <ProblemItem key={problem.id} problem={problem} />
      ))}
    </ul>
  );
}

function ProblemItem({ problem }: { readonly problem: ProblemJson }) {
  const { severity, summary, action, command, openedAt, subject } = problem;
  const { word, meaning, glyph } = severityLook(severity);
  return (
    <li>
      <span className={`state ${meaning}`}>
        <Glyph name={glyph} />
        {word}
      </span>
      <div>
        <p>
          <strong>
            <ServerText text={summary ?? ""} />
          </strong>
        </p>
        <p>
          <ServerText text={action ?? ""} />{" "}
          <span className="dim">
            Since <Age at={openedAt} />.
          </span>
        </p>
        {command !== undefined && <CommandLine text={command} />}
      </div>
      {subject !== undefined && <SubjectLink subject={subject}>See why</SubjectLink>}
    </li>
  );
}
