import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import type { Clock } from "../../runtime/clock.ts";

const WINDOW_MS = 60_000;
/** Addresses that are remembered; past it the oldest is forgotten. */
const ADDRESSES = 10_000;

/**
 * Counts tokens that prove nothing by address, so that nobody tries tokens for long. Many agents may share an address, so
 * one with a good token is not asked here.
 */
export class JoinAttempts {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #refused = new Map<string, { readonly since: number; count: number }>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** @throws TssError RESOURCE_EXHAUSTED when the address was refused as often as it may be in a minute. */
  check(address: string): void {
    const now = this.#clock.monotonic();
    const entry = this.#refused.get(address);
    if (entry === undefined) return;
    const left = entry.since + WINDOW_MS - now;
    if (left <= 0) this.#refused.delete(address);
    else if (entry.count >= LIMITS.joinRefusals)
      throw new TssError(
        "RESOURCE_EXHAUSTED",
        `${address} has shown ${LIMITS.joinRefusals} join tokens that are not valid within a minute: try again in ${Math.ceil(left / 1_000)} s.`,
        { reason: "JOIN_TOO_OFTEN", retryAfterMs: Math.ceil(left) },
      );
  }

  /** Counts one, by whoever came first of several that were asked at once. @throws TssError as `check` does. */
  refused(address: string): void {
    this.check(address);
    const entry = this.#refused.get(address);
    if (entry !== undefined) {
      entry.count++;
      return;
    }
    const [oldest] = this.#refused.keys();
    if (this.#refused.size >= ADDRESSES && oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(address, { since: this.#clock.monotonic(), count: 1 });
  }
}
