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
  /** It keeps commands to a user, an umask or limits. Absent: it need not. */
  readonly confined?: boolean;
}

export function writeLaneKey(key: LaneKey): string {
  const { type, selector, resources, secrets = false, confined = false } = key.needs;
  const parts = [key.queue, key.priority, key.fairness, type, sorted(selector), sorted(resources)];
  const special = confined ? [secrets, confined] : secrets ? [secrets] : [];
  if (key.locks.length + special.length === 0) return JSON.stringify(parts);
  const locks = Object.fromEntries(key.locks.map(({ name, permits }) => [name, permits]));
  return JSON.stringify([...parts, sorted(locks), ...special]);
}

export function readLaneKey(text: string): LaneKey {
  const [queue, priority, fairness, type, selector, resources, locks = [], secrets, confined] = JSON.parse(text);
  return {
    queue,
    priority,
    fairness,
    needs: {
      ...{ type, selector: Object.fromEntries(selector), resources: Object.fromEntries(resources) },
      ...(secrets ? { secrets } : {}),
      ...(confined ? { confined } : {}),
    },
    locks: locks.map(([name, permits]: [string, number]) => ({ name, permits })),
  };
}

function sorted<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
