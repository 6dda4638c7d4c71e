import type { ActivityEntryJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import type { Meaning } from "../tasks/state-words.ts";
import { formatClock, formatTime, readStamp, type Zone, zone } from "../time/format.ts";
import { serverNow } from "../time/server-clock.ts";
import { displayText } from "../ui/display-text.ts";
import { Glyph, type GlyphName } from "../ui/glyph.tsx";
import { ServerText } from "../ui/server-text.tsx";
import { useStore } from "../ui/store.ts";
import "../styles/activity.css";
import { SubjectSign } from "./subject-sign.tsx";

const KINDS: Readonly<Record<string, { readonly glyph: GlyphName; readonly word: string }>> = {
  ACTIVITY_KIND_ACTION: { glyph: "person", word: "action" },
  ACTIVITY_KIND_DEPLOY: { glyph: "up", word: "version" },
  ACTIVITY_KIND_PROBLEM: { glyph: "alert", word: "problem" },
  ACTIVITY_KIND_WORKER: { glyph: "worker", word: "worker" },
  ACTIVITY_KIND_SYSTEM: { glyph: "gear", word: "system" },
};

const DAY_MS = 86_400_000;

/** What happened, newest first and day by day: when, what, who and on what. @param props.day the heading of a day. */
export function ActivityList(props: { readonly entries: readonly ActivityEntryJson[]; readonly day: "h2" | "h3" }) {
  const { entries, day: Heading } = props;
  const where = useStore(zone);
  const days = new Map<string, ActivityEntryJson[]>();
  for (const entry of entries) {
    const day = dayOf(readStamp(entry.at) ?? 0, where);
    const known = days.get(day);
    if (known === undefined) days.set(day, [entry]);
    else known.push(entry);
  }
  return (
    <div className="activity">
      {[...days].map(([day, of]) => (
        <section key={day} aria-label={day}>
          <Heading className="day">{dayWord(day, where)}</Heading>
          <ul>
            {of.map((entry) => (
              <ActivityLine key={entry.id} entry={entry} where={where} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function ActivityLine({ entry, where }: { readonly entry: ActivityEntryJson; readonly where: Zone }) {
  const { at, kind, action, subject = "", summary = "", keyId, keyName, detail = {} } = entry;
  const { glyph, word } = KINDS[kind ?? ""] ?? { glyph: "circle" as const, word: "" };
  const note = detail["note"] ?? "";
  const ms = readStamp(at) ?? 0;
  return (
    <li>
      <time dateTime={at} className="tabular" title={formatTime(ms, where, true)}>
        {formatClock(ms, where).slice(0, 8)}
      </time>
      <span className={`state ${meaningOf(action ?? "")}`}>
        <Glyph name={glyph} />
        {word}
      </span>
      <div className="activity-what">
        <p>
          <ServerText text={summary} /> <SubjectSign subject={subject} />
        </p>
        {note !== "" && !summary.includes(note) && <p className="dim">“{displayText(note)}”</p>}
      </div>
      {keyId !== undefined && (
        <code className="dim activity-who" title={`API key ${keyName || keyId}`}>
          {keyId}
        </code>
      )}
    </li>
  );
}

const dayOf = (ms: number, where: Zone): string => formatTime(ms, where).slice(0, 10);

function dayWord(day: string, where: Zone): string {
  const now = serverNow();
  if (day === dayOf(now, where)) return "Today";
  return day === dayOf(now - DAY_MS, where) ? "Yesterday" : day;
}

function meaningOf(action: string): Meaning {
  if (action === "problem.open" || action === "worker.lost") return "bad";
  if (action === "problem.close") return "good";
  return "waiting";
}
