import type { LeasePlaces, LeaseRef } from "./lease-places.ts";
import type { StreamSession } from "./open-work-session.ts";

/** Between two announcements while there is a lease that nobody has taken up. */
const REPEAT_MS = 250;

/** Tells every coordinator of the leases that have none, until one adopts or refuses them or their term is over. */
export class HomelessLeases<Owner> {
  readonly #places: LeasePlaces<Owner>;
  readonly #sessions: () => readonly StreamSession[];
  readonly #onLost: (lease: LeaseRef) => void;
  #timer: NodeJS.Timeout | null = null;
  #scheduled = false;
  #closed = false;

  /** @param onLost told of a lease whose term is over. */
  constructor(places: LeasePlaces<Owner>, sessions: () => readonly StreamSession[], onLost: (lease: LeaseRef) => void) {
    this.#places = places;
    this.#sessions = sessions;
    this.#onLost = onLost;
  }

  /** At the end of this turn: what moves together is told together. */
  announce(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#tell();
    });
  }

  /** After a while: an answer to what was said says that it is to be said again. */
  tellLater(): void {
    if (this.#timer === null && !this.#closed) this.#timer = setTimeout(() => this.#tell(), REPEAT_MS).unref();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#closed) return;
    const now = performance.now();
    for (const lease of this.#places.takeLost(now)) this.#onLost(lease);
    const announcements = this.#places.announcements(now);
    for (const session of this.#sessions())
      for (const { sessionId, held } of announcements) session.announce(sessionId, held);
    if (this.#places.homeless) this.tellLater();
  }
}
