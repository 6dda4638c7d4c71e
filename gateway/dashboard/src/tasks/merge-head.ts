/** What is on the screen, and what the server's first page says now. */
export interface Merge {
  /** Ids of the new list when everything is let in. */
  readonly order: readonly string[];
  /** Ids of the head that are not on the screen yet. */
  readonly fresh: readonly string[];
  /** Ids on the screen that the head would have and has not: they fit the search no longer, or are gone. */
  readonly left: readonly string[];
  /** The head shares nothing with the screen: more has come than a page holds. */
  readonly apart: boolean;
}

/**
 * Brings a first page together with a longer list of which it is the newest part. Both are newest first.
 * @param whole the head is all there is: it has no next page.
 */
export function mergeHead(shown: readonly string[], head: readonly string[], whole: boolean): Merge {
  const inHead = new Set(head);
  const inShown = new Set(shown);
  const fresh = head.filter((id) => !inShown.has(id));
  if (whole) return { order: head, fresh, left: shown.filter((id) => !inHead.has(id)), apart: false };
  // Below the last row they share, the head knows nothing: what is shown there stays.
  const lastShared = shown.findLastIndex((id) => inHead.has(id));
  if (lastShared < 0) return { order: head, fresh, left: [], apart: shown.length > 0 };
  const left = shown.slice(0, lastShared).filter((id) => !inHead.has(id));
  return {
    order: [...head, ...shown.slice(lastShared + 1).filter((id) => !inHead.has(id))],
    fresh,
    left,
    apart: false,
  };
}
