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
  #asked: Asked[] = [];

  constructor(store: Store, segments: SegmentMap) {
    this.#store = store;
    this.#segments = segments;
  }

  /** Null when no segment has it. @throws what the store throws. */
  read(ref: TaskRef): Promise<StoredTask | null> {
    return new Promise((resolve, reject) => {
      if (this.#asked.length === 0) setImmediate(() => this.#send());
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
    const wanted = [...refs.values()].map((ref) => ({ ...ref, segs: this.#segments.candidates(ref) }));
    try {
      const found = await this.#store.reads.tasks(wanted);
      const byKey = new Map([...refs.keys()].map((key, index) => [key, found[index] ?? null]));
      for (const { ref, resolve } of part) resolve(byKey.get(refKey(ref)) ?? null);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}
