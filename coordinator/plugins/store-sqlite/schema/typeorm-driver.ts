import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** The part of the better-sqlite3 interface that TypeORM's driver of that name calls, over node:sqlite. */
export class NodeSqliteDriver {
  readonly #db: DatabaseSync;

  constructor(path: string, options: { readonly readonly?: boolean; readonly timeout?: number } = {}) {
    this.#db = new DatabaseSync(path, { readOnly: options.readonly ?? false, timeout: options.timeout ?? 0 });
  }

  pragma(text: string): unknown[] {
    return this.#db.prepare(`PRAGMA ${text}`).all();
  }

  prepare(sql: string): NodeSqliteStatement {
    return new NodeSqliteStatement(this.#db.prepare(sql));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

class NodeSqliteStatement {
  /** Whether the statement gives rows. */
  readonly reader: boolean;
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(...parameters: SQLInputValue[]): unknown[] {
    return this.#statement.all(...parameters);
  }

  run(...parameters: SQLInputValue[]): unknown {
    return this.#statement.run(...parameters);
  }
}
