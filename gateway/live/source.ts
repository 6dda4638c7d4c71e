import type { OutputFrame, ProblemFrame } from "./frames.ts";

/** What a topic is at a moment: one value, or rows by key. Equal rows are the same text, so that they compare by reference. */
export type State =
  | { readonly kind: "value"; readonly json: string }
  | {
      readonly kind: "rows";
      readonly order: readonly string[];
      readonly rows: ReadonlyMap<string, string>;
      readonly rest: string;
    };

/** Who hears of a topic. */
export interface Listener {
  /** The topic has a new state; it is read when there is room to send. */
  changed(): void;
  output(frame: Omit<OutputFrame, "topic">): void;
  problem(frame: Omit<ProblemFrame, "topic">): void;
}

/** What a source works with: it runs as long as somebody listens. */
export interface SourceContext {
  readonly signal: AbortSignal;
  /** Headers of a call with the key of somebody who listens now. */
  headers(): Record<string, string>;
  state(state: State): void;
  output(frame: Omit<OutputFrame, "topic">): void;
}

/** Runs until the signal is aborted or nothing more can come. @throws anything: it is told and the source begins anew. */
export type Source = (context: SourceContext) => Promise<void>;
