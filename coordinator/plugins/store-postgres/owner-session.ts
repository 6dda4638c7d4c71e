import { randomBytes } from "node:crypto";
import type pg from "pg";
import { connect } from "./connect.ts";
import { OWNER_LOCK } from "./schema/fence-function.ts";

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
  /** Whether the epochs of this process still hold: a fenced owner must not take the lock back. */
  readonly #stillOwner: (client: pg.Client) => Promise<boolean>;
  readonly #name = `${OWNER_APPLICATION} ${process.pid}.${randomBytes(6).toString("hex")}`;
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #owning = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, stillOwner: (client: pg.Client) => Promise<boolean>) {
    this.#url = url;
    this.#stillOwner = stillOwner;
  }

  /** Runs `body` when the ones before have ended. */
  run<T>(body: (client: pg.Client) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => body(await this.#get()));
    this.#turn = result.catch(() => {});
    return result;
  }

  /** The lock is held from now on, and taken again after every loss. */
  keep(): void {
    this.#owning = true;
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
      if (this.#owning) this.#comeBack(RECONNECT_MIN_MS);
    });
    // What the connection before was doing has happened by now or never will.
    await client.query(END_NAMESAKES, [this.#name, END_PATIENCE_MS]);
    this.#client = client;
    if (this.#owning) await this.#retake(client);
    return client;
  }

  async #retake(client: pg.Client): Promise<void> {
    if (!(await this.#stillOwner(client))) {
      this.#owning = false;
      return;
    }
    await client.query(`SELECT pg_try_advisory_lock(${OWNER_LOCK}, 0)`);
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
