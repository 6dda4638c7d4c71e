/** This coordinator among those that live: the how-manyth, from 0, of how many. */
export interface Place {
  readonly index: number;
  readonly count: number;
}

/** The only one. */
export const ALONE: Place = { index: 0, count: 1 };

/**
 * How many attempts of a queue with a limit one of several coordinators may run. The shares add up to the limit; only where
 * it is lower than the number of coordinators each still has one, so that no task waits for ever where it lies.
 */
export function shareOf(limit: number, { index, count }: Place): number {
  return Math.max(Math.floor(limit / count) + (index < limit % count ? 1 : 0), 1);
}
