import type { ListPlace, ListQuery } from "../../ports/store.ts";
import type { Connection } from "./connection.ts";
import { type Candidate, candidateOf } from "./list-filter.ts";

const FIRST_ROWS = 8;
const MOST_ROWS = 256;
const BAD_STATUSES: readonly number[] = [4, 5];

/** Beyond every place of the order. */
const NEWEST: ListPlace = {
  createdAt: Number.MAX_SAFE_INTEGER,
  shard: Number.MAX_SAFE_INTEGER,
  lane: Number.MAX_SAFE_INTEGER,
  seq: Number.MAX_SAFE_INTEGER,
};

/** Order of lists: newest (created_at, shard, lane, seq) first. */
export function compareNewest(a: ListPlace, b: ListPlace): number {
  return b.createdAt - a.createdAt || b.shard - a.shard || b.lane - a.lane || b.seq - a.seq;
}

/** The rows of one segment in the order of lists, read in growing chunks. */
export class ListSource {
  readonly seg: number;
  readonly #connection: Connection;
  readonly #sql: string;
  readonly #createdAfter: number;
  #place: ListPlace;
  #chunk: readonly Candidate[] = [];
  #at = 0;
  #rows = FIRST_ROWS;
  #ended = false;

  constructor(connection: Connection, seg: number, query: ListQuery) {
    this.seg = seg;
    this.#connection = connection;
    this.#sql = onlyBad(query) ? badTasks(seg) : allTasks(seg);
    this.#createdAfter = query.createdAfter ?? -1;
    this.#place = startOf(query);
  }

  get head(): Candidate | undefined {
    return this.#chunk[this.#at];
  }

  /** Goes to the next row, first to the first. False: there is none. */
  next(): boolean {
    this.#at++;
    if (this.#at >= this.#chunk.length && !this.#ended) this.#fetch();
    return this.#at < this.#chunk.length;
  }

  #fetch(): void {
    const { createdAt, shard, lane, seq } = this.#place;
    const rows = this.#connection
      .prepare(this.#sql)
      .all(this.#createdAfter, createdAt, shard, lane, seq, this.#rows)
      .map((row) => candidateOf(row, this.seg));
    this.#ended = rows.length < this.#rows;
    this.#rows = Math.min(this.#rows * 2, MOST_ROWS);
    this.#chunk = rows;
    this.#at = 0;
    this.#place = rows.at(-1) ?? this.#place;
  }
}

/** A list goes on after its place, and begins no later than what `createdBefore` leaves out. */
function startOf(query: ListQuery): ListPlace {
  const after = query.after ?? NEWEST;
  if (query.createdBefore === null) return after;
  const before = { createdAt: query.createdBefore, shard: -1, lane: -1, seq: -1 };
  return compareNewest(after, before) < 0 ? before : after;
}

/** Ends that failed or were cancelled are few and have an index of their own. */
const onlyBad = (query: ListQuery): boolean =>
  !query.unended && query.endStatuses !== null && query.endStatuses.every((status) => BAD_STATUSES.includes(status));

const COLUMNS = "t.created_at, t.shard, t.lane, t.seq, t.name, t.type, t.labels, e.status";
const RANGE = (table: string): string => `${table}.created_at > ?
  AND (${table}.created_at, ${table}.shard, ${table}.lane, ${table}.seq) < (?, ?, ?, ?)`;
const ORDER = (table: string): string =>
  `ORDER BY ${table}.created_at DESC, ${table}.shard DESC, ${table}.lane DESC, ${table}.seq DESC LIMIT ?`;
const SAME = "ON e.shard = t.shard AND e.lane = t.lane AND e.seq = t.seq";

const allTasks = (seg: number): string =>
  `SELECT ${COLUMNS} FROM task_${seg} t LEFT JOIN end_${seg} e ${SAME} WHERE ${RANGE("t")} ${ORDER("t")}`;

const badTasks = (seg: number): string =>
  `SELECT ${COLUMNS} FROM end_${seg} e CROSS JOIN task_${seg} t ${SAME}
    WHERE e.status IN (4, 5) AND ${RANGE("e")} ${ORDER("e")}`;
