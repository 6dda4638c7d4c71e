/** Times of a task, ms since 1970; 0: not yet. */
export interface WaitTimes {
  readonly createdAt: number;
  readonly runAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How long it waited from when it was due to its first start, or to its end without one, or until `until`, ms. */
export function waitedMs({ createdAt, runAt, startedAt, endedAt }: WaitTimes, until: number): number {
  const over = startedAt || endedAt || until;
  return Math.max(Math.min(over, until) - Math.max(createdAt, runAt), 0);
}
