/** How long to pause before trying again. */
export interface Backoff {
  readonly growth: "fixed" | "exponential";
  /** Pause after the first failure. */
  readonly firstMs: number;
  /** Longest pause. */
  readonly capMs: number;
  /** Growth from one pause to the next; exponential only. Default 2. */
  readonly factor?: number;
  /** Share of a pause that chance may take away, 0–1. Default 0. */
  readonly jitter?: number;
}

/**
 * The pause after a failure, in whole ms: at most `capMs`, less up to the jitter's share.
 * @param failures in a row, at least 1.
 * @param chance 0 ≤ chance < 1, drawn by the caller, so that the same input always gives the same pause.
 */
export function backoffMs(backoff: Backoff, failures: number, chance: number): number {
  const factor = backoff.growth === "fixed" ? 1 : (backoff.factor ?? 2);
  // A power beyond every number times nothing is no number.
  const growth = Math.min(factor ** (Math.max(failures, 1) - 1), Number.MAX_VALUE);
  const full = Math.min(backoff.firstMs * growth, backoff.capMs);
  return Math.round(full * (1 - (backoff.jitter ?? 0) * chance));
}
