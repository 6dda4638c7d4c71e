import type { LockNeed } from "./task-lock.ts";

/**
 * Tasks that are alike to the matcher share a lane: same queue, priority, fairness key, needs and locks. Its key is canonical
 * JSON, interned to a 32-bit id in the catalog.
 */
export interface LaneKey {
  readonly queue: string;
  readonly priority: number;
  readonly fairness: string;
  readonly needs: Needs;
  /** In the order of names. */
  readonly locks: readonly LockNeed[];
}

/** What a worker must have to run a task. */
export interface Needs {
  /** Handler name; "" for commands. */
  readonly type: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, number>>;
  /** It gives commands their secrets. Absent: none are needed. */
  readonly secrets?: boolean;
}

export function writeLaneKey(key: LaneKey): string {
  const { type, selector, resources, secrets } = key.needs;
  const parts = [key.queue, key.priority, key.fairness, type, sorted(selector), sorted(resources)];
  if (key.locks.length === 0 && !secrets) return JSON.stringify(parts);
  const locks = Object.fromEntries(key.locks.map(({ name, permits }) => [name, permits]));
  return JSON.stringify([...parts, sorted(locks), ...(secrets ? [true] : [])]);
}

export function readLaneKey(text: string): LaneKey {
  const [queue, priority, fairness, type, selector, resources, locks = [], secrets = false] = JSON.parse(text);
  return {
    queue,
    priority,
    fairness,
    needs: {
      ...{ type, selector: Object.fromEntries(selector), resources: Object.fromEntries(resources) },
      ...(secrets ? { secrets } : {}),
    },
    locks: locks.map(([name, permits]: [string, number]) => ({ name, permits })),
  };
}

function sorted<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
