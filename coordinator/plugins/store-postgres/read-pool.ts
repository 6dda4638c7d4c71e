import pg from "pg";
import { sessionSql, TYPES, transaction } from "./connect.ts";
import { driverUrl, type Target } from "./connection-url.ts";
import { storeError } from "./store-error.ts";

const STATEMENT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 4_000;

export interface Statement {
  /** Prepared once per connection under this name; absent for texts that vary. */
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

// biome-ignore lint/suspicious/noExplicitAny: columns are read where the statement is written.
export type Rows = readonly any[];

/** Where a statement is read: the pool, or one snapshot of it. */
export interface Reader {
  rows(statement: Statement): Promise<Rows>;
}

const SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** The connections that reads, checkpoints and the catalog share; the flush never waits for them. */
export class ReadPool implements Reader {
  readonly #pool: pg.Pool;
  readonly #at: Target;
  readonly #ready = new WeakSet<pg.ClientBase>();

  constructor(url: string, connections: number, at: Target) {
    this.#at = at;
    this.#pool = new pg.Pool({
      connectionString: driverUrl(url),
      application_name: "tss read",
      max: connections,
      connectionTimeoutMillis: STATEMENT_TIMEOUT_MS,
      idleTimeoutMillis: 0,
      keepAlive: true,
      types: TYPES,
    });
    this.#pool.on("error", () => {});
    // The pool hears errors only of connections that lie idle; of one in use the statement under way, or the next, tells.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** @throws StoreUnavailableError or another error of the store port. */
  rows(statement: Statement): Promise<Rows> {
    return this.#with((client) => rowsOver(client, statement));
  }

  /** Several statements that see the database at one moment, and keep what they have read from being emptied. */
  snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#with((client) =>
      transaction(client, () => body({ rows: (statement) => rowsOver(client, statement) }), SNAPSHOT),
    );
  }

  /** Statements of one transaction. */
  transaction<T>(body: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return this.#with((client) => transaction(client, () => body(client)));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #with<T>(body: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    try {
      const client = await this.#pool.connect();
      let failure: Error | undefined;
      try {
        if (!this.#ready.has(client)) {
          await client.query(
            sessionSql({ statementTimeoutMs: STATEMENT_TIMEOUT_MS, lockTimeoutMs: LOCK_TIMEOUT_MS, lookupsOnly: true }),
          );
          this.#ready.add(client);
        }
        return await body(client);
      } catch (error) {
        failure = error as Error;
        throw error;
      } finally {
        // A connection whose statement failed is not trusted to be outside a transaction.
        client.release(failure);
      }
    } catch (error) {
      throw storeError(error, this.#at, false);
    }
  }
}

async function rowsOver(client: pg.ClientBase, statement: Statement): Promise<Rows> {
  return (await client.query({ ...statement, values: [...(statement.values ?? [])] })).rows;
}
