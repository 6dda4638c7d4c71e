/** The place of a task: its shard, its lane there, and its number, which rises strictly in a shard over all owners. */
export interface TaskRef {
  readonly shard: number;
  /** Interned id of the lane: 1 … 2³²−1. */
  readonly lane: number;
  /** epoch × 2³³ + counter, below 2⁵³. */
  readonly seq: number;
}

/** Counters of one epoch; a shard whose counter runs out takes a new epoch. */
export const COUNTERS_PER_EPOCH = 2 ** 33;

/** Epochs a shard can have: 20 bits, so that seq and token stay below 2⁵³. */
export const EPOCHS = 2 ** 20;

/**
 * How far above an epoch another one can be that was given out, too: beyond twice what `tss db restored` raises them by, a
 * number is no token but a mistake.
 */
export const EPOCHS_AHEAD = 2 ** 13;

/** `epoch‖counter`, as used by seq, token and ord. */
export function numberInEpoch(epoch: number, counter: number): number {
  if (counter < 0 || counter >= COUNTERS_PER_EPOCH || epoch < 1 || epoch >= EPOCHS)
    throw new RangeError(`epoch ${epoch}, counter ${counter} cannot make a number below 2^53`);
  return epoch * COUNTERS_PER_EPOCH + counter;
}

export function epochOf(number: number): number {
  return Math.floor(number / COUNTERS_PER_EPOCH);
}

export function sameRef(a: TaskRef, b: TaskRef): boolean {
  return a.seq === b.seq && a.shard === b.shard && a.lane === b.lane;
}

/** A key for maps: exact, short, and cheap to make. */
export function refKey(ref: TaskRef): string {
  return `${ref.shard}.${ref.lane}.${ref.seq}`;
}
