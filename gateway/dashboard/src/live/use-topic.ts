import { useEffect, useState } from "react";
import type { ProblemFrame } from "../../../live/frames.ts";
import { listen } from "./live.ts";
import type { TopicState } from "./protocol.ts";

export interface TopicView<T> {
  /** undefined: not known yet. */
  readonly state: T | undefined;
  readonly problem: ProblemFrame | undefined;
}

/** What a topic is, as it changes. @param topic null: none. */
export function useTopic(topic: string | null): TopicView<TopicState> {
  const [view, setView] = useState<TopicView<TopicState> & { topic: string | null }>({
    topic,
    state: undefined,
    problem: undefined,
  });
  useEffect(() => {
    if (topic === null) return;
    return listen(topic, {
      state: (state) => setView({ topic, state, problem: undefined }),
      problem: (problem) =>
        setView((before) => ({ topic, state: before.topic === topic ? before.state : undefined, problem })),
    });
  }, [topic]);
  // Until the new topic has spoken, what is known of the old one is nothing of it.
  return view.topic === topic ? view : { state: undefined, problem: undefined };
}

export function useValue<T>(topic: string | null): TopicView<T> {
  const { state, problem } = useTopic(topic);
  return { state: state?.kind === "value" ? (state.value as T) : undefined, problem };
}

export interface Rows<T> {
  readonly order: readonly string[];
  readonly rows: Readonly<Record<string, T>>;
  readonly rest: Readonly<Record<string, unknown>>;
}

export function useRows<T>(topic: string | null): TopicView<Rows<T>> {
  const { state, problem } = useTopic(topic);
  return { state: state?.kind === "rows" ? (state as Rows<T>) : undefined, problem };
}

/** What was known last, until something is known of what is asked now: a page does not go blank between two ranges. */
export function useLast<T>(now: T | undefined): T | undefined {
  const [last, setLast] = useState(now);
  if (now !== undefined && now !== last) setLast(now);
  return now ?? last;
}
