import type { StoredTask } from "../../ports/rows.ts";
import type { ListPage, ListPlace, ListQuery } from "../../ports/store.ts";
import { StoreUnavailableError } from "../../ports/store-errors.ts";
import type { Connection } from "./connection.ts";
import type { Handles } from "./handles.ts";
import { type Candidate, filterOf } from "./list-filter.ts";
import { compareNewest, ListSource } from "./list-source.ts";
import { taskOf } from "./row-codec.ts";
import { endIn, inSegment } from "./stored-tasks.ts";

/** Rows looked at between two turns of everything else. */
const STEP_ROWS = 2_000;

/**
 * Lists on a connection of their own, one after the other: a page is read in one snapshot, so that a task that moves
 * meanwhile is neither lost nor shown twice, while other work goes on between its steps.
 */
export class Lister {
  readonly #handles: Handles;
  readonly #connection: Connection;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(handles: Handles, connection: Connection) {
    this.#handles = handles;
    this.#connection = connection;
  }

  list(query: ListQuery): Promise<ListPage> {
    const page = this.#last.then(() => this.#page(query));
    this.#last = page.catch(() => {});
    return page;
  }

  async #page(query: ListQuery): Promise<ListPage> {
    const connection = this.#connection;
    connection.read(() => connection.exec("BEGIN"));
    try {
      return await this.#read(query);
    } finally {
      connection.rollback();
    }
  }

  async #read(query: ListQuery): Promise<ListPage> {
    const tasks: StoredTask[] = [];
    let place: ListPlace | null = null;
    let scanned = 0;
    const isWanted = filterOf(query);
    const sources = this.#sources(query);
    for (let source = sources[0]; source !== undefined; source = sources[0]) {
      const candidate = source.head as Candidate;
      // A moved task and the mark it left have one place: a page does not end between the two.
      if (place === null || compareNewest(place, candidate) !== 0) {
        if (tasks.length >= query.limit) return { tasks, next: place, incomplete: false, scanned };
        if (scanned >= query.maxScanned) return { tasks, next: place, incomplete: true, scanned };
      }
      if (isWanted(candidate)) tasks.push(this.#task(candidate));
      place = placeOf(candidate);
      this.#connection.read(() => advance(sources));
      if (++scanned % STEP_ROWS === 0) await new Promise((resolve) => setImmediate(resolve));
      if (this.#closed)
        throw new StoreUnavailableError(`The database ${this.#connection.path} is being closed.`, false);
    }
    return { tasks, next: null, incomplete: false, scanned };
  }

  /**
   * Segments that have anything, the one with the newest task first. One that is given back later is still whole in this
   * snapshot.
   */
  #sources(query: ListQuery): ListSource[] {
    const sources = query.segs.map((seg) => new ListSource(this.#connection, seg, query));
    const isThere = (source: ListSource) => inSegment(this.#handles, source.seg, false, () => source.next());
    return this.#connection.read(() => sources.filter(isThere).sort(byHead));
  }

  #task(candidate: Candidate): StoredTask {
    const { seg, shard, lane, seq } = candidate;
    const connection = this.#connection;
    const row = connection
      .prepare(`SELECT * FROM task_${seg} WHERE shard = ? AND lane = ? AND seq = ?`)
      .get(shard, lane, seq);
    return { task: taskOf(row!, seg), events: [], end: endIn(connection, candidate, seg), sessions: [] };
  }

  /** Waits for the page at hand, which ends early. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    this.#connection.close();
  }
}

const byHead = (a: ListSource, b: ListSource): number => compareNewest(a.head!, b.head!);

/** Moves the first source on and puts it where it now belongs; neighbours in time mostly come from one segment. */
function advance(sources: ListSource[]): void {
  const source = sources[0] as ListSource;
  if (!source.next()) {
    sources.shift();
    return;
  }
  let at = 0;
  for (let next = sources[1]; next !== undefined && byHead(next, source) < 0; next = sources[at + 1])
    sources[at++] = next;
  sources[at] = source;
}

const placeOf = ({ createdAt, shard, lane, seq }: ListPlace): ListPlace => ({ createdAt, shard, lane, seq });
