import { refKey, type TaskRef } from "../kernel/task-ref.ts";

/** Something about a task changed, durably. */
export interface Change {
  readonly ref: TaskRef;
  readonly queue: string;
  readonly ended: boolean;
}

/**
 * Tells who waits or watches, after the commit. It carries no state: a listener reads the task as it is then, and may see
 * several changes as one.
 */
export class Changes {
  readonly #byTask = new Map<string, Set<(change: Change) => void>>();
  readonly #all = new Set<(change: Change) => void>();

  get idle(): boolean {
    return this.#byTask.size === 0 && this.#all.size === 0;
  }

  /** Listeners now. */
  get size(): number {
    let size = this.#all.size;
    for (const listeners of this.#byTask.values()) size += listeners.size;
    return size;
  }

  publish(change: Change): void {
    if (this.idle) return;
    for (const listener of this.#byTask.get(refKey(change.ref)) ?? []) listener(change);
    for (const listener of this.#all) listener(change);
  }

  /** @returns the end of the subscription. */
  onTask(ref: TaskRef, listener: (change: Change) => void): () => void {
    const key = refKey(ref);
    const listeners = this.#byTask.get(key) ?? new Set();
    this.#byTask.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byTask.get(key) === listeners) this.#byTask.delete(key);
    };
  }

  onAny(listener: (change: Change) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }
}
