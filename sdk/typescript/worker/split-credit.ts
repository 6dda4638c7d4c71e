/** What a worker has offered one coordinator. */
export interface Share {
  /** Leases that may still come. */
  readonly offered: number;
  /** It has used up what it was offered: more waits there, as far as is known. */
  readonly hungry: boolean;
}

/**
 * How many leases to offer each coordinator, so that none that has work waits for a slot that another leaves idle. One that
 * has not used its offers keeps a single one, by which it can send its next task at once; the rest goes to the hungry, or
 * is spread when nobody is. Beyond the free slots there is at most that single offer each.
 * @param open slots that may be given away.
 * @returns beside the shares: what each should have.
 */
export function splitCredit(shares: readonly Share[], open: number): number[] {
  if (open <= 0) return shares.map(() => 0);
  const takers = shares.filter(({ hungry }) => hungry).length;
  const [count, spare] = takers === 0 ? [shares.length, open] : [takers, open - (shares.length - takers)];
  let left = Math.max(spare, 0);
  let rest = count;
  return shares.map(({ hungry }) => {
    if (takers > 0 && !hungry) return 1;
    const part = Math.ceil(left / rest);
    left -= part;
    rest--;
    return Math.max(part, 1);
  });
}

/** A coordinator that can be offered leases. */
export interface Offered {
  readonly session: { readonly offered: number; credit(count: number): void; withdraw(count: number): void };
  readonly hungry: boolean;
}

/** Brings what each coordinator is offered to what it should have. */
export function shareCredit(links: readonly Offered[], open: number): void {
  const shares = links.map(({ session, hungry }) => ({ offered: session.offered, hungry }));
  const wanted = splitCredit(shares, open);
  for (const [at, { session }] of links.entries()) {
    const change = (wanted[at] as number) - session.offered;
    if (change > 0) session.credit(change);
    else if (change < 0) session.withdraw(-change);
  }
}
