import { create } from "@bufbuild/protobuf";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { forbidsRetry, maxAttempts, retryPauseMs } from "../../coordinator/kernel/retry.ts";
import { toDuration } from "../../coordinator/kernel/time.ts";
import { RetryBackoff, RetryPolicySchema } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { backoffMs } from "../../runtime/backoff.ts";

const HOUR_MS = 3_600_000;

interface Given {
  readonly limit?: number;
  readonly interval?: number;
  readonly maxInterval?: number;
  readonly factor?: number;
  readonly jitter?: number;
  readonly backoff: RetryBackoff;
}

const given: fc.Arbitrary<Given> = fc.record(
  {
    limit: fc.integer({ min: 0, max: LIMITS.retryLimit }),
    interval: fc.integer({ min: 0, max: LIMITS.retryIntervalMs }),
    maxInterval: fc.integer({ min: 0, max: LIMITS.retryMaxIntervalMs }),
    factor: fc.double({ min: LIMITS.retryFactorMin, max: LIMITS.retryFactorMax, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    backoff: fc.constantFrom(RetryBackoff.UNSPECIFIED, RetryBackoff.FIXED, RetryBackoff.EXPONENTIAL),
  },
  { requiredKeys: ["backoff"] },
);
const defaults = fc.record({
  limit: fc.integer({ min: 0, max: LIMITS.retryLimit }),
  intervalMs: fc.integer({ min: 0, max: LIMITS.retryIntervalMs }),
});
/** Far more failures than any limit allows: a power of them is beyond every number. */
const failures = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 ** 31 }));
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function policyOf({ interval, maxInterval, ...rest }: Given) {
  return create(RetryPolicySchema, {
    ...rest,
    ...(interval === undefined ? {} : { interval: toDuration(interval) }),
    ...(maxInterval === undefined ? {} : { maxInterval: toDuration(maxInterval) }),
  });
}

test("a pause is a whole number of ms, never negative and never above max_interval", () => {
  fc.assert(
    fc.property(given, defaults, failures, chances, (asked, silent, failed, chance) => {
      const pause = retryPauseMs(policyOf(asked), silent, failed, chance);
      expect(Number.isSafeInteger(pause)).toBe(true);
      expect(pause).toBeGreaterThanOrEqual(0);
      expect(pause).toBeLessThanOrEqual(asked.maxInterval ?? HOUR_MS);
    }),
    { numRuns: 2_000 },
  );
});

test("a pause of nothing stays nothing, after however many failures", () => {
  const policy = policyOf({ interval: 0, factor: 10, backoff: RetryBackoff.EXPONENTIAL });
  for (const failed of [1, 2, 100, 1_000, 2 ** 31])
    expect(retryPauseMs(policy, { limit: 0, intervalMs: 5 }, failed, 0)).toBe(0);
  expect(backoffMs({ growth: "exponential", firstMs: 0, capMs: 10 }, 5_000, 0)).toBe(0);
});

test("without chance, each pause is the factor times the one before, until max_interval", () => {
  fc.assert(
    fc.property(given, defaults, fc.integer({ min: 1, max: 99 }), (asked, silent, failed) => {
      const policy = policyOf(asked);
      const [pause, next] = [failed, failed + 1].map((n) => retryPauseMs(policy, silent, n, 0)) as [number, number];
      expect(next).toBeGreaterThanOrEqual(pause);
      const longest = asked.maxInterval ?? HOUR_MS;
      const factor = asked.backoff === RetryBackoff.FIXED ? 1 : (asked.factor ?? 2);
      // Both are rounded to whole ms.
      if (next < longest)
        expect(Math.abs(next - pause * factor)).toBeLessThanOrEqual(0.5 + 0.5 * factor + next * 1e-12);
    }),
    { numRuns: 2_000 },
  );
});

test("the first pause is the interval, of the policy or else of the settings", () => {
  fc.assert(
    fc.property(given, defaults, (asked, silent) => {
      const expected = Math.min(asked.interval ?? silent.intervalMs, asked.maxInterval ?? HOUR_MS);
      expect(retryPauseMs(policyOf(asked), silent, 1, 0)).toBe(expected);
    }),
  );
});

test("chance takes away at most the jitter's share, and nothing is added", () => {
  fc.assert(
    fc.property(given, defaults, failures, chances, (asked, silent, failed, chance) => {
      const policy = policyOf(asked);
      const full = retryPauseMs(policy, silent, failed, 0);
      const pause = retryPauseMs(policy, silent, failed, chance);
      expect(pause).toBeLessThanOrEqual(full);
      expect(pause).toBeGreaterThanOrEqual(Math.floor((full - 0.5) * (1 - (asked.jitter ?? 0.1))));
    }),
    { numRuns: 2_000 },
  );
});

test("the limit counts retries; the first attempt comes on top", () => {
  fc.assert(
    fc.property(given, defaults, (asked, silent) => {
      expect(maxAttempts(policyOf(asked), silent)).toBe(1 + (asked.limit ?? silent.limit));
    }),
  );
  expect(maxAttempts(undefined, { limit: 3, intervalMs: 0 })).toBe(4);
});

test("only the exit codes on the list forbid a retry", () => {
  const codes = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: LIMITS.nonRetryableExitCodes });
  fc.assert(
    fc.property(codes, fc.integer({ min: 0, max: 255 }), (listed, code) => {
      const policy = create(RetryPolicySchema, { nonRetryableExitCodes: listed });
      expect(forbidsRetry(policy, code)).toBe(listed.includes(code));
      expect(forbidsRetry(policy, undefined)).toBe(false);
      expect(forbidsRetry(undefined, code)).toBe(false);
    }),
  );
});
