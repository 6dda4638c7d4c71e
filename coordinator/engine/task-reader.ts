import { systemTimers, type Timers } from "../../runtime/timers.ts";
import { refKey, type TaskRef } from "../kernel/task-ref.ts";
import type { StoredTask } from "../ports/rows.ts";
import type { Store } from "../ports/store.ts";
import type { SegmentMap } from "./segments.ts";

/** Tasks of one read. */
const MOST = 500;

interface Asked {
  readonly ref: TaskRef;
  readonly resolve: (stored: StoredTask | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads single tasks from the store: those that are asked for in one turn are read together. */
export class TaskReader {
  readonly #store: Store;
  readonly #segments: SegmentMap;
  readonly #timers: Timers;
  #asked: Asked[] = [];

  constructor(store: Store, segments: SegmentMap, timers: Timers = systemTimers) {
    this.#store = store;
    this.#segments = segments;
    this.#timers = timers;
  }

  /** Null when no segment has it. @throws what the store throws. */
  read(ref: TaskRef): Promise<StoredTask | null> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) this.#timers.nextTurn(() => this.#send());
      this.#asked.push({ ref, resolve, reject });
    });
  }

  #send(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let at = 0; at < asked.length; at += MOST) void this.#readPart(asked.slice(at, at + MOST));
  }

  async #readPart(part: readonly Asked[]): Promise<void> {
    const refs = new Map(part.map(({ ref }) => [refKey(ref), ref]));
    try {
      const byKey = await this.#find([...refs.values()]);
      for (const { ref, resolve } of part) resolve(byKey.get(refKey(ref)) ?? null);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }

  async #find(refs: readonly TaskRef[]): Promise<ReadonlyMap<string, StoredTask>> {
    const found = new Map<string, StoredTask>();
    const mark = this.#segments.mark();
    await this.#ask(refs, found);
    const missing = refs.filter((ref) => !found.has(refKey(ref)));
    // One that moved during the read may have been in neither place; by now it is where it goes.
    if (missing.length > 0 && !this.#segments.isUnmoved(mark)) await this.#ask(missing, found);
    return found;
  }

  async #ask(refs: readonly TaskRef[], found: Map<string, StoredTask>): Promise<void> {
    const answers = await this.#store.reads.tasks(
      refs.map((ref) => ({ ...ref, segs: this.#segments.candidates(ref) })),
    );
    for (const [index, ref] of refs.entries()) {
      const stored = answers[index];
      if (stored != null) found.set(refKey(ref), stored);
    }
  }
}
