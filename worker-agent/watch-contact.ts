import type { Clock } from "../runtime/clock.ts";
import { watchLease } from "../sdk/typescript/worker/lease-watch.ts";
import { readContact, writeContact } from "./journal/contact.ts";
import { sinceBoot } from "./processes/machine-clock.ts";

export interface ContactWatch {
  /** A connection is open. @param termMs of leases. */
  connected(termMs: number): void;
  close(): void;
}

/** Until a coordinator has said another. */
const USUAL_TERM_MS = 15_000;
/**
 * Part of a term that an agent which adopts something has to reach its coordinator, however long ago the last word was: on a
 * busy machine a start takes seconds.
 */
const AT_LEAST = 0.5;
/** Part of a term after which leases are given up (see watchLease). */
const STOP_AT = 0.8;
/** How often in a term it is written down when the coordinator last answered. */
const NOTES = 15;

/**
 * Watches how long ago the coordinator last heard of this agent, or of the one before whose attempts it took up: after the
 * better part of a lease's term without contact, `lost` is called.
 * @param adopts whether there are such attempts: then the time counts before the first connection, too.
 */
export function watchContact(
  { directory, clock, adopts }: { readonly directory: string; readonly clock: Clock; readonly adopts: boolean },
  session: { heardAt(): number },
  holds: () => boolean,
  lost: (graceMs: number) => void,
): ContactWatch {
  const before = readContact(directory);
  const startedAt = clock.monotonic();
  let termMs = before?.termMs ?? USUAL_TERM_MS;
  const since = before === undefined ? startedAt : before.heardTick - (sinceBoot() - startedAt);
  const heardBefore = Math.max(since, startedAt - termMs * (STOP_AT - AT_LEAST));
  let isConnected = false;
  const heardAt = (): number => (isConnected ? session.heardAt() : heardBefore);
  const watch = watchLease(() => clock.monotonic(), heardAt, lost);
  let noted = Number.NEGATIVE_INFINITY;
  const note = (): void => {
    if (!isConnected || !holds() || heardAt() <= noted) return;
    noted = heardAt();
    writeContact(directory, { heardTick: sinceBoot() - (clock.monotonic() - noted), termMs });
  };
  let notes: NodeJS.Timeout | undefined;
  if (adopts) watch.setTerm(termMs);
  return {
    connected(newTermMs) {
      termMs = newTermMs;
      isConnected = true;
      watch.setTerm(termMs);
      clearInterval(notes);
      notes = setInterval(note, termMs / NOTES).unref();
      note();
    },
    close() {
      clearInterval(notes);
      watch.close();
    },
  };
}
