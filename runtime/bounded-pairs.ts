import { LabelNames, OTHER } from "./label-names.ts";

/** Queues and types that are told apart, and pairs of them; the rest is counted as `other`. */
export interface LabelBounds {
  readonly names: number;
  readonly pairs: number;
}

export const LABEL_BOUNDS: LabelBounds = { names: 100, pairs: 500 };

/**
 * One thing for each queue and type, made when it is first asked for. A pair beyond the bounds shares what its queue has for
 * `other` types. Neighbouring calls are mostly about the same pair, which then costs two comparisons.
 */
export function boundedPairs<T>(
  bounds: LabelBounds,
  make: (queue: string, type: string) => T,
): (queue: string, type: string) => T {
  const queues = new LabelNames(bounds.names);
  const types = new LabelNames(bounds.names);
  const pairs = new LabelNames(bounds.pairs);
  const made = new Map<string, Map<string, T>>();
  const find = (queue: string, type: string): T => {
    const line = queues.of(queue);
    const known = types.of(type);
    const kind = pairs.of(`${line}\u0000${known}`) === OTHER ? OTHER : known;
    let ofQueue = made.get(line);
    if (ofQueue === undefined) {
      ofQueue = new Map();
      made.set(line, ofQueue);
    }
    let thing = ofQueue.get(kind);
    if (thing === undefined) {
      thing = make(line, kind);
      ofQueue.set(kind, thing);
    }
    return thing;
  };
  let last: { readonly queue: string; readonly type: string; readonly thing: T } | null = null;
  return (queue, type) => {
    if (last !== null && last.queue === queue && last.type === type) return last.thing;
    last = { queue, type, thing: find(queue, type) };
    return last.thing;
  };
}
