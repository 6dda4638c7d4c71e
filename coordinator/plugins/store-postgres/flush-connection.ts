import { randomBytes } from "node:crypto";
import type pg from "pg";
import { connect, destroy, TYPES } from "./connect.ts";
import { ROW_TYPES, type TypeIds } from "./encode-batch.ts";

/** Begin of the application_name of every flush connection: a takeover knows by it whom it may end. */
export const FLUSH_APPLICATION = "tss flush";

/** A statement of a flush that takes longer is ended by the server, which undoes it. */
const STATEMENT_TIMEOUT_MS = 20_000;
const LOCK_TIMEOUT_MS = 10_000;

/** A backend that may still be at work on a flush whose answer was lost. */
export interface LostBackend {
  readonly pid: number;
  readonly applicationName: string;
}

export interface FlushClient {
  readonly client: pg.Client;
  readonly types: TypeIds;
  readonly backend: LostBackend;
}

/** The one connection that flushes go over, made again when it was lost. */
export class FlushConnection {
  readonly #url: string;
  #current: FlushClient | undefined;
  #opening: Promise<FlushClient> | undefined;
  #closed = false;
  /** Backends given up since the last flush whose outcome is known. */
  readonly lost: LostBackend[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  async get(): Promise<FlushClient> {
    if (this.#closed) throw new Error("the store is closed");
    if (this.#current) return this.#current;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<FlushClient> {
    const applicationName = `${FLUSH_APPLICATION} ${process.pid}.${randomBytes(6).toString("hex")}`;
    const client = await connect(this.#url, applicationName, {
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: LOCK_TIMEOUT_MS,
      lookupsOnly: true,
    });
    // A batch of large payloads is read from memory, never through a file.
    await client.query("SET work_mem = '128MB'");
    const types = await client.query({
      text: "SELECT n AS name, to_regtype(n)::oid::bigint AS id, pg_backend_pid() AS pid FROM unnest($1::text[]) n",
      values: [ROW_TYPES],
      types: TYPES,
    });
    const made: FlushClient = {
      client,
      types: new Map(types.rows.map((row) => [row.name, row.id])),
      backend: { pid: types.rows[0].pid, applicationName },
    };
    client.once("end", () => {
      if (this.#current === made) this.#current = undefined;
    });
    this.#current = made;
    return made;
  }

  /** Gives a connection up whose answer was lost; its backend may still be at work. */
  abandon(flushClient: FlushClient): void {
    if (this.#current === flushClient) this.#current = undefined;
    this.lost.push(flushClient.backend);
    destroy(flushClient.client);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const current = this.#current ?? (await this.#opening?.catch(() => undefined));
    this.#current = undefined;
    await current?.client.end().catch(() => {});
  }
}
