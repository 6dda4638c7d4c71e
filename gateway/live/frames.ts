/**
 * What a browser and the gateway say to each other over the live stream. A topic is a name, or a name, a space and the JSON of
 * its request: `queues`, `task {"id":"…"}`, `tasks {"limit":100}`. JSON of messages is the canonical one of the protos.
 */
export interface StreamRequest {
  readonly topics: readonly string[];
  /** For topics `output …`: the first byte that is not here yet. */
  readonly from?: Readonly<Record<string, number>>;
}

/** Event `value`: what the topic is now, as a whole. */
export interface ValueFrame {
  readonly topic: string;
  readonly value: unknown;
}

/**
 * Event `rows`: a list. `rows` has what this stream has not been sent yet or what has changed; `order` names every row, and is
 * absent where it is as before.
 */
export interface RowsFrame {
  readonly topic: string;
  readonly order?: readonly string[];
  readonly rows: Readonly<Record<string, unknown>>;
  /** The answer without its rows, e.g. `nextCursor`. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Event `output`: bytes of an attempt's output as they come. One that begins past what you have: fetch what lies between. */
export interface OutputFrame {
  readonly topic: string;
  readonly attempt: number;
  readonly offset: number;
  readonly stream: "stdout" | "stderr";
  /** base64 */
  readonly data: string;
  readonly at?: string;
  readonly elidedBytes: number;
  /** The attempt's output is complete. */
  readonly end: boolean;
}

/** Event `problem`: the topic cannot be told now. It is tried again unless `final`. */
export interface ProblemFrame {
  readonly topic: string;
  readonly code: string;
  readonly detail: string;
  readonly final: boolean;
}

/** Topics of one stream. */
export const MAX_TOPICS = 32;
/** Silence after which a browser takes the stream for dead, ms: two signs of life were missed. */
export const SILENCE_MS = 25_000;
/** A sign of life, ms. */
export const PING_MS = 10_000;
