import { Link } from "@tanstack/react-router";
import type { ActivityEntryJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { Meaning } from "../tasks/state-words.ts";
import { Moment } from "../time/time.tsx";
import { displayText } from "../ui/display-text.ts";
import { Glyph, type GlyphName } from "../ui/glyph.tsx";
import "../styles/activity.css";

const KINDS: Readonly<Record<string, { readonly glyph: GlyphName; readonly word: string }>> = {
  ACTIVITY_KIND_ACTION: { glyph: "keyboard", word: "action" },
  ACTIVITY_KIND_DEPLOY: { glyph: "up", word: "version" },
  ACTIVITY_KIND_PROBLEM: { glyph: "alert", word: "problem" },
  ACTIVITY_KIND_WORKER: { glyph: "worker", word: "worker" },
  ACTIVITY_KIND_SYSTEM: { glyph: "gear", word: "system" },
};

/** What happened, newest first: when, what, who and on what. */
export function ActivityList({ entries }: { readonly entries: readonly ActivityEntryJson[] }) {
  return (
    <ul className="activity">
      {entries.map((entry) => (
        <ActivityLine key={entry.id} entry={entry} />
      ))}
    </ul>
  );
}

function ActivityLine({ entry }: { readonly entry: ActivityEntryJson }) {
  const { at, kind, action, subject = "", summary, keyId, keyName, detail = {} } = entry;
  const { glyph, word } = KINDS[kind ?? ""] ?? { glyph: "circle" as const, word: "" };
  const note = detail["note"] ?? "";
  return (
    <li>
      <Moment at={at} />
      <span className={`state ${meaningOf(action ?? "")}`}>
        <Glyph name={glyph} />
        {word}
      </span>
      <div className="activity-what">
        <p>
          {displayText(summary ?? "")} <SubjectLink subject={subject} />
        </p>
        {note !== "" && !summary?.includes(note) && <p className="dim">“{displayText(note)}”</p>}
      </div>
      <span className="dim activity-who" title={keyId === undefined ? undefined : `key ${keyId}`}>
        {keyId === undefined ? "TSS" : displayText(keyName || keyId, 60)}
      </span>
    </li>
  );
}

function meaningOf(action: string): Meaning {
  if (action === "problem.open" || action === "worker.lost") return "bad";
  if (action === "problem.close") return "good";
  return "waiting";
}

/** Where the subject is looked at, if it has a page. */
function SubjectLink({ subject }: { readonly subject: string }) {
  const [kind, ...rest] = subject.split("/");
  const name = rest.join("/");
  if (kind === "queue" && name !== "")
    return (
      <Link to="/queue/$name" params={{ name }} aria-label={`Queue ${name}`}>
        <Glyph name="right" />
      </Link>
    );
  if (kind === "task" && name !== "")
    return (
      <Link to="/task/$id" params={{ id: name }} aria-label={`Task ${name}`}>
        <Glyph name="right" />
      </Link>
    );
  return null;
}
