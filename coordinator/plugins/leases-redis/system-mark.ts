import type { Redis } from "ioredis";
import { TssError } from "../../../proto/errors.ts";
import { patiently } from "./connect.ts";

/** How long the mark outlives the last coordinator that renews it. */
const TTL_MS = 60_000;
const RENEW_MS = 20_000;

/**
 * Says on every server whose the leases under a prefix are. Systems of their own have prefixes of their own; a copy of a
 * database has the prefix of the first, and would take its coordinators for its own.
 */
export class SystemMark {
  readonly #clients: readonly Redis[];
  readonly #key: string;
  readonly #database: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(clients: readonly Redis[], key: string, database: string) {
    this.#clients = clients;
    this.#key = key;
    this.#database = database;
  }

  /** @throws TssError FAILED_PRECONDITION: another database's coordinators have it. */
  async set(where: readonly string[]): Promise<void> {
    for (const [at, client] of this.#clients.entries()) {
      await patiently(() => client.set(this.#key, this.#database, "PX", TTL_MS, "NX"));
      const found = await patiently(() => client.get(this.#key));
      if (found !== null && found !== this.#database) throw taken(where[at] ?? "");
    }
    this.#timer = setInterval(() => this.#renew(), RENEW_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #renew(): void {
    for (const client of this.#clients) client.set(this.#key, this.#database, "PX", TTL_MS).catch(() => {});
  }
}

function taken(where: string): TssError {
  return new TssError(
    "FAILED_PRECONDITION",
    `Redis at ${where} is used by another system whose database is a copy of this one: give each a server of its own, or a ` +
      "number as in redis://HOST:PORT/1; when the other has ended for good, start again in a minute (TSS_REDIS_URL).",
    { reason: "REDIS_TAKEN" },
  );
}
