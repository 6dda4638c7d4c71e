import { TssError } from "../../proto/errors.ts";
import type { EngineState } from "./state.ts";

/** A database that does not take commits: it cannot be reached, or a commit under way does not come back. */

const LOOK_MS = 500;

export function noteAway(state: EngineState, problem: string): void {
  if (state.storeProblem === null) state.storeAwaySince = state.clock.monotonic();
  state.storeProblem = problem;
}

export function noteBack(state: EngineState): void {
  state.storeProblem = null;
}

/**
 * To be called before anything is decided for a caller.
 * @throws TssError UNAVAILABLE when commits have been missing for longer than a caller should wait.
 */
export function checkAway(state: EngineState): void {
  if (isAwayTooLong(state)) throw away(state);
}

/** Most outages are a restart: who waits for a commit goes on waiting for a while, and is told then. @returns its end. */
export function watchOutages(state: EngineState): () => void {
  const look = () => {
    if (isAwayTooLong(state)) tellWaiting(state);
  };
  return state.timers.every(Math.min(LOOK_MS, state.config.awayPatienceMs / 4), look);
}

/** Whether commits have been missing for longer than a caller should wait. */
export function isAwayTooLong(state: EngineState): boolean {
  const since = state.storeProblem === null ? state.flushBegan : state.storeAwaySince;
  return since > 0 && state.clock.monotonic() - since >= state.config.awayPatienceMs;
}

/**
 * What is in no flush yet is forgotten, so that it is not accepted after all. What is in one may be written when the database
 * is back: the same request id finds it then.
 */
function tellWaiting(state: EngineState): void {
  const { pending } = state;
  for (const message of pending.messages.splice(0)) {
    pending.messageBytes -= message.bytes;
    for (const { idempotency } of message.admissions) if (idempotency !== null) pending.keys.delete(idempotency.key);
  }
  const error = away(state);
  for (const tell of state.waiting) tell(error);
  state.waiting.clear();
}

/** One sentence for all: the first of two equal requests may be in a flush that the second knows nothing of. */
function away({ storeProblem }: EngineState): TssError {
  const problem = storeProblem ?? "A commit has been under way for too long.";
  return new TssError(
    "UNAVAILABLE",
    `The coordinator cannot write its database; whether this request is carried out shows when it can again. ${problem}`,
    { reason: "STORE_IN_DOUBT", retryAfterMs: 1_000 },
  );
}
