export interface LeaseWatch {
  /** The term of leases, as the coordinator said at the newest connection. */
  setTerm(milliseconds: number): void;
  close(): void;
}

/** Part of the term after which silence ends what is held, and the part that is then left for SIGTERM to work. */
const STOP_AT = 0.8;
const GRACE = 0.1;

/**
 * Watches how long ago the coordinator last heard of the agent, by the monotonic clock. At four fifths of a lease's term
 * `lost` is called once, with the grace that ends everything before the term does: after it the tasks run elsewhere.
 */
export function watchLease(
  monotonic: () => number,
  heardAt: () => number,
  lost: (graceMs: number) => void,
): LeaseWatch {
  let termMs: number | undefined;
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (termMs === undefined) return;
    const leftMs = heardAt() + termMs * STOP_AT - monotonic();
    if (leftMs > 0) told = false;
    else if (!told) {
      told = true;
      lost(termMs * GRACE);
    }
    // Once it is lost only a new contact changes anything; looking for it may be slow.
    timer = setTimeout(look, leftMs > 0 ? Math.max(1, Math.ceil(leftMs)) : termMs * GRACE).unref();
  };
  return {
    setTerm(milliseconds) {
      termMs = milliseconds;
      clearTimeout(timer);
      look();
    },
    close: () => clearTimeout(timer),
  };
}
