import type { FlushResult } from "../../ports/store.ts";

/** What a flush answered beyond "all was written": indexes of held keys and of lost ends. */
export interface Outcome {
  readonly held: readonly number[];
  readonly lost: readonly number[];
}

/** Null where everything was written, which is nearly always. */
export function encodeOutcome(result: FlushResult): string | null {
  const held = result.keys.flatMap((hit, i) => (hit === null ? [] : [i]));
  if (held.length === 0 && result.lostEnds.length === 0) return null;
  return JSON.stringify({ held, lost: result.lostEnds } satisfies Outcome);
}

export function decodeOutcome(text: string | null): Outcome {
  return text === null ? { held: [], lost: [] } : JSON.parse(text);
}
