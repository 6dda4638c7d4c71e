import type { GateHit } from "./rows.ts";

/** A shard has a newer epoch: this process owns it no more and must stop at once. */
export class FencedError extends Error {
  constructor(message = "another coordinator has taken over: a shard has a newer epoch") {
    super(message);
    this.name = "FencedError";
  }
}

/** What was opened is the database no more, or cannot be trusted: as with FencedError, this process must stop at once. */
export class StoreLostError extends FencedError {
  /** @param message a sentence for people: what happened, and what to do. */
  constructor(message: string) {
    super(message);
    this.name = "StoreLostError";
  }
}

/** Numbers were given out that the database knows nothing of: it was set back, and may give them out again. */
export class StoreRestoredError extends StoreLostError {
  /** @param said what was seen, as the begin of a sentence. */
  constructor(said: string) {
    super(
      `${said}, which is higher than any that this database has given out: it looks restored from a backup. ` +
        "Stop every coordinator, run `tss db restored`, then start again.",
    );
    this.name = "StoreRestoredError";
  }
}

/** What a database that is distrusted says to who would own it. */
export function distrusted(epoch: number): StoreRestoredError {
  return new StoreRestoredError(`Somebody holds a fencing token of epoch ${epoch}`);
}

/** Another living process owns the shards. */
export class OwnedError extends Error {
  /** Host, pid and address of the owner, as it gave them. */
  readonly owner: string;
  constructor(owner: string) {
    super(`another coordinator owns this database: ${owner}`);
    this.name = "OwnedError";
    this.owner = owner;
  }
}

/** Whole messages that were written before; keyed by gate key. */
export class RequestRepeatedError extends Error {
  readonly hits: ReadonlyMap<string, GateHit>;
  constructor(hits: ReadonlyMap<string, GateHit>) {
    super("a message was sent twice");
    this.name = "RequestRepeatedError";
    this.hits = hits;
  }
}

/** The database refuses a value of the batch (data or integrity error), and will refuse it again. */
export class BadRowError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "BadRowError";
  }
}

/** The database cannot be used now; trying again later may help. */
export class StoreUnavailableError extends Error {
  /** The transaction may have been committed. */
  readonly inDoubt: boolean;
  constructor(message: string, inDoubt: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreUnavailableError";
    this.inDoubt = inDoubt;
  }
}

/** The schema is missing, older or newer than this version of TSS can use; the message says what to do. */
export class SchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SchemaError";
  }
}
