import { createHash } from "node:crypto";
import { HttpProblem } from "./problem.ts";

/** Callers remembered; the one that was seen longest ago is forgotten, full again. */
const CALLERS = 10_000;

/** A token bucket for each API key: `rate` a second, twice that at once. */
export class RateLimit {
  readonly #rate: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** @param now monotonic ms. */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** @throws HttpProblem 429 with Retry-After. */
  take(caller: string): void {
    const key = createHash("sha256").update(caller).digest("base64url");
    const now = this.#now();
    const burst = this.#rate * 2;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * this.#rate);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > CALLERS) this.#buckets.delete(this.#buckets.keys().next().value as string);
    if (bucket.tokens < 1)
      throw new HttpProblem(
        429,
        "RESOURCE_EXHAUSTED",
        `This key may make ${this.#rate} requests a second; slow down.`,
        {
          "retry-after": "1",
        },
      );
    bucket.tokens--;
  }
}
