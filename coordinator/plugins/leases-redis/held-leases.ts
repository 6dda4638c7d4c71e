import type { Redis } from "ioredis";
import Redlock, { type Lock } from "redlock";
import type { Logger } from "../../../runtime/logger.ts";

/** Share of the term between two renewals. */
const RENEW = 1 / 3;

/** Leases of this process. One that was lost, by an outage or because the server was emptied, is taken again. */
export class HeldLeases {
  readonly #redlock: Redlock;
  readonly #ttlMs: number;
  readonly #logger: Logger;
  readonly #locks = new Map<string, Lock | null>();
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> = Promise.resolve();
  #lost = false;

  constructor(clients: readonly Redis[], ttlMs: number, logger: Logger) {
    this.#redlock = new Redlock([...clients] as never, { retryCount: 0, automaticExtensionThreshold: 0 });
    // Told by the calls themselves.
    this.#redlock.on("error", () => {});
    this.#ttlMs = ttlMs;
    this.#logger = logger;
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renewAll());
    }, ttlMs * RENEW);
    this.#timer.unref();
  }

  async hold(key: string): Promise<void> {
    this.#locks.set(key, null);
    await this.#renew(key);
  }

  async letGo(key: string): Promise<void> {
    await this.#renewing;
    const lock = this.#locks.get(key);
    this.#locks.delete(key);
    await lock?.release().catch(() => {});
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#locks.keys()].map((key) => this.letGo(key)));
  }

  async #renewAll(): Promise<void> {
    await Promise.all([...this.#locks.keys()].map((key) => this.#renew(key)));
  }

  async #renew(key: string): Promise<void> {
    const lock = this.#locks.get(key);
    const renewed = await (lock ? lock.extend(this.#ttlMs) : Promise.reject(new Error("none yet")))
      .catch(() => this.#redlock.acquire([key], this.#ttlMs))
      .catch((error: Error) => {
        if (!this.#lost) this.#logger.warn({ error: error.message }, "leases on Redis cannot be renewed");
        return null;
      });
    this.#lost = renewed === null;
    if (this.#locks.has(key)) this.#locks.set(key, renewed);
  }
}
