/**
 * Tasks that are alike to the matcher share a lane: same queue, priority, fairness key and needs. Its key is canonical
 * JSON, interned to a 32-bit id in the catalog.
 */
export interface LaneKey {
  readonly queue: string;
  readonly priority: number;
  readonly fairness: string;
  readonly needs: Needs;
}

/** What a worker must have to run a task. */
export interface Needs {
  /** Handler name; "" for commands. */
  readonly type: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, number>>;
}

export function writeLaneKey(key: LaneKey): string {
  const { type, selector, resources } = key.needs;
  return JSON.stringify([key.queue, key.priority, key.fairness, type, sorted(selector), sorted(resources)]);
}

export function readLaneKey(text: string): LaneKey {
  const [queue, priority, fairness, type, selector, resources] = JSON.parse(text);
  return {
    queue,
    priority,
    fairness,
    needs: { type, selector: Object.fromEntries(selector), resources: Object.fromEntries(resources) },
  };
}

function sorted<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
