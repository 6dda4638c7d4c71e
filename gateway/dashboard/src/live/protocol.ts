import type { OutputFrame, ProblemFrame } from "../../../live/frames.ts";

/** What a topic is now, as a page sees it. */
export type TopicState =
  | { readonly kind: "value"; readonly value: unknown }
  | {
      readonly kind: "rows";
      readonly order: readonly string[];
      readonly rows: Readonly<Record<string, unknown>>;
      readonly rest: Readonly<Record<string, unknown>>;
    };

/** What is heard of topics. */
export interface LiveEvents {
  state(topic: string, state: TopicState): void;
  output(frame: OutputFrame): void;
  problem(frame: ProblemFrame): void;
  status(status: LiveStatus): void;
  /** The server knows our key no longer. */
  signedOut(): void;
}

/** How news come: over the stream, by asking every few seconds, or not at all just now. */
export type LiveStatus = "connecting" | "live" | "polling" | "offline";

/** From a tab to the worker that all tabs share. */
export type ToWorker =
  | { readonly kind: "topics"; readonly topics: readonly string[]; readonly from: Readonly<Record<string, number>> }
  | { readonly kind: "restart" }
  | { readonly kind: "here" }
  | { readonly kind: "bye" };

/** From the worker to a tab. */
export type FromWorker =
  | { readonly kind: "state"; readonly topic: string; readonly state: TopicState }
  | { readonly kind: "output"; readonly frame: OutputFrame }
  | { readonly kind: "problem"; readonly frame: ProblemFrame }
  | { readonly kind: "status"; readonly status: LiveStatus }
  | { readonly kind: "signedOut" };
