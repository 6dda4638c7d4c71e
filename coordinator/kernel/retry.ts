import { RetryBackoff, type RetryPolicy } from "../../proto/gen/tss/v1/task_pb.js";
import { durationMs } from "./time.ts";

/** What a policy says where the task's own is silent. */
export interface RetryDefaults {
  /** Attempts after the first. */
  readonly limit: number;
  readonly intervalMs: number;
}

const FACTOR = 2;
const MAX_INTERVAL_MS = 3_600_000;
const JITTER = 0.1;

/** Attempts a task may have in all. */
export function maxAttempts(policy: RetryPolicy | undefined, defaults: RetryDefaults): number {
  return 1 + (policy?.limit ?? defaults.limit);
}

/**
 * The pause before the next attempt, in ms.
 * @param failed attempts that have failed so far, at least 1.
 * @param chance 0 ≤ chance < 1, drawn by the caller.
 */
export function retryPauseMs(
  policy: RetryPolicy | undefined,
  defaults: RetryDefaults,
  failed: number,
  chance: number,
): number {
  const interval = policy?.interval === undefined ? defaults.intervalMs : durationMs(policy.interval);
  const longest = policy?.maxInterval === undefined ? MAX_INTERVAL_MS : durationMs(policy.maxInterval);
  const factor = policy?.backoff === RetryBackoff.FIXED ? 1 : (policy?.factor ?? FACTOR);
  // A power beyond every number times nothing is no number.
  const growth = Math.min(factor ** (failed - 1), Number.MAX_VALUE);
  const pause = Math.min(interval * growth, Math.max(longest, 0));
  return Math.round(pause * (1 - (policy?.jitter ?? JITTER) * chance));
}

/** Whether an exit code forbids a further attempt. */
export function forbidsRetry(policy: RetryPolicy | undefined, exitCode: number | undefined): boolean {
  return exitCode !== undefined && (policy?.nonRetryableExitCodes.includes(exitCode) ?? false);
}
