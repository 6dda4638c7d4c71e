import type { EngineState } from "../engine/state.ts";
import type { StoreHealth } from "./sample.ts";

export function storeHealth({ storeProblem, storeAwaySince, clock }: EngineState): StoreHealth {
  if (storeProblem === null) return { problem: "", awayMs: 0 };
  return { problem: storeProblem, awayMs: clock.monotonic() - storeAwaySince };
}

/** The one who has been without it for longest. */
export function worstHealth(all: readonly StoreHealth[]): StoreHealth {
  return all.reduce((worst, one) =>
    one.problem !== "" && (worst.problem === "" || one.awayMs > worst.awayMs) ? one : worst,
  );
}
