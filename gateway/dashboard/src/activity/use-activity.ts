import { useEffect, useState } from "react";
import type { ActivityEntryJson, ActivityKindJson } from "../../../../proto/gen/tss/v1/stats_pb.js";
import { call } from "../api/call.ts";
import { toProblem } from "../api/problem.ts";
import { useRows } from "../live/use-topic.ts";

const PAGE = 50;

interface Known {
  readonly topic: string;
  readonly entries: ReadonlyMap<string, ActivityEntryJson>;
  /** Where older ones go on; empty: there are none. */
  readonly cursor: string;
}

export interface Activity {
  /** Newest first; undefined: not known yet. */
  readonly entries: readonly ActivityEntryJson[] | undefined;
  readonly more: boolean;
  readonly reading: boolean;
  readonly problem: string | undefined;
  readMore(): void;
}

/** What happened, as it happens, and what happened before as far as it is asked for. @param kind undefined: all kinds. */
export function useActivity(kind: string | undefined): Activity {
  const of = kind === undefined ? {} : { kind: [`ACTIVITY_KIND_${kind.toUpperCase()}` as ActivityKindJson] };
  const topic = `activity ${JSON.stringify({ ...of, limit: PAGE })}`;
  const head = useRows<ActivityEntryJson>(topic);
  const [known, setKnown] = useState<Known>(NOTHING);
  const [reading, setReading] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const { state } = head;
    if (state === undefined) return;
    const entries = state.order.flatMap((id) => state.rows[id] ?? []);
    setKnown((before) => {
      // What has fallen off the newest page meanwhile is still known; of another kind, or beyond a gap, nothing is.
      const follows = before.entries.size === 0 || state.order.some((id) => before.entries.has(id));
      if (before.topic === topic && follows) return { ...before, entries: withMore(before, entries) };
      return { topic, entries: withMore(NOTHING, entries), cursor: String(state.rest["nextCursor"] ?? "") };
    });
  }, [head.state, topic]);
  const readMore = async () => {
    setReading(true);
    try {
      const { entries = [], nextCursor = "" } = await call("StatsService", "listActivity", {
        ...of,
        limit: PAGE,
        cursor: known.cursor,
      });
      setKnown((before) =>
        before.topic === topic ? { topic, entries: withMore(before, entries), cursor: nextCursor } : before,
      );
      setProblem(undefined);
    } catch (error) {
      setProblem(toProblem(error).message);
    }
    setReading(false);
  };
  return {
    entries: known.topic === "" ? undefined : newestFirst(known),
    more: known.topic === topic && known.cursor !== "",
    reading,
    problem: problem ?? head.problem?.detail,
    readMore: () => void readMore(),
  };
}

const NOTHING: Known = { topic: "", entries: new Map(), cursor: "" };

function withMore({ entries }: Known, more: readonly ActivityEntryJson[]): Known["entries"] {
  return new Map([...entries, ...more.map((entry) => [entry.id ?? "", entry] as const)]);
}

function newestFirst({ entries }: Known): ActivityEntryJson[] {
  return [...entries.values()].sort((a, b) => Number(b.id ?? 0) - Number(a.id ?? 0));
}
