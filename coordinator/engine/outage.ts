import { TssError } from "../../proto/errors.ts";
import type { EngineState } from "./state.ts";

/** The database cannot be written. Who waits for a commit goes on waiting for a while: most outages are a restart. */
export function noteAway(state: EngineState, problem: string): void {
  const before = state.storeProblem;
  state.storeProblem = problem;
  if (before !== null) return;
  state.storeAwaySince = state.clock.monotonic();
  state.wheel.add(state.storeAwaySince + state.config.awayPatienceMs, () => {
    if (isAwayTooLong(state)) tellWaiting(state);
  });
}

export function noteBack(state: EngineState): void {
  state.storeProblem = null;
}

/** @throws TssError UNAVAILABLE when the database has been away for longer than a caller should wait. */
export function checkAway(state: EngineState): void {
  if (isAwayTooLong(state)) throw away(state, "nothing was accepted; try again");
}

function isAwayTooLong(state: EngineState): boolean {
  return state.storeProblem !== null && state.clock.monotonic() - state.storeAwaySince >= state.config.awayPatienceMs;
}

/**
 * Answers everybody who waits for a commit. What is in no flush yet is forgotten, so that it is not accepted after all; what
 * is in one may be written when the database is back, and the same request id finds it then.
 */
function tellWaiting(state: EngineState): void {
  const { pending } = state;
  for (const message of pending.messages.splice(0)) {
    pending.messageBytes -= message.bytes;
    for (const { idempotency } of message.admissions) if (idempotency !== null) pending.keys.delete(idempotency.key);
  }
  const error = away(
    state,
    "whether the request was carried out shows when it is back; send it again with the same request_id",
  );
  for (const tell of state.waiting) tell(error);
  state.waiting.clear();
}

function away(state: EngineState, what: string): TssError {
  const message = `The coordinator cannot write its database: ${what}. ${state.storeProblem ?? ""}`.trim();
  return new TssError("UNAVAILABLE", message, { reason: "STORE_UNAVAILABLE", retryAfterMs: 1_000 });
}
