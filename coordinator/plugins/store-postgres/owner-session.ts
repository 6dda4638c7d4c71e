import { randomBytes } from "node:crypto";
import type pg from "pg";
import { connect } from "./connect.ts";

/** Begin of the application_name of the session that a living owner keeps open. */
export const OWNER_APPLICATION = "tss owner";

const STATEMENT_TIMEOUT_MS = 120_000;
const LOCK_TIMEOUT_MS = 2_000;
const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;

const END_PATIENCE_MS = 5_000;

const END_NAMESAKES = `SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity
  WHERE application_name = $1 AND pid <> pg_backend_pid()`;

/**
 * The session that shows that the owner lives, by an advisory lock that goes with it, and that does the upkeep of
 * segments, one piece at a time. When it is lost it comes back by itself: without it others could claim unasked.
 */
export class OwnerSession {
  readonly #url: string;
  readonly #name = `${OWNER_APPLICATION} ${process.pid}.${randomBytes(6).toString("hex")}`;
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Takes the sign of life again after a loss; null: there is none to take. */
  #retake: ((client: pg.Client) => Promise<void>) | null = null;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Runs `body` when the ones before have ended. */
  run<T>(body: (client: pg.Client) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => body(await this.#get()));
    this.#turn = result.catch(() => {});
    return result;
  }

  /** The sign of life is there from now on; `retake` gives it back after every loss of the session. */
  keep(retake: (client: pg.Client) => Promise<void>): void {
    this.#retake = retake;
  }

  /** There is no sign of life to keep any more. */
  letGo(): void {
    this.#retake = null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#turn;
    await this.#client?.end().catch(() => {});
  }

  async #get(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    if (this.#closed) throw new Error("the store is closed");
    const client = await connect(this.#url, this.#name, {
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      lookupsOnly: false,
    });
    client.once("end", () => {
      if (this.#client === client) this.#client = undefined;
      if (this.#retake !== null) this.#comeBack(RECONNECT_MIN_MS);
    });
    // What the connection before was doing has happened by now or never will.
    await client.query(END_NAMESAKES, [this.#name, END_PATIENCE_MS]);
    this.#client = client;
    await this.#retake?.(client);
    return client;
  }

  #comeBack(delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.run(async () => {}).catch(() => this.#comeBack(Math.min(delayMs * 2, RECONNECT_MAX_MS)));
    }, delayMs);
    this.#timer.unref();
  }
}
