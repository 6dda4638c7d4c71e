import type { Link } from "./links.ts";

/** Sessions that are remembered; the oldest is forgotten, and its worker begins a new one. */
const MOST = 10_000;

/** Where polling workers have their sessions: each is known to the coordinator that began it, and to no other. */
export class SessionPlaces {
  readonly #places = new Map<string, Link>();

  placeOf({ sessionId = "" }: { readonly sessionId?: string }): Link | undefined {
    return this.#places.get(sessionId);
  }

  note({ sessionId = "" }: { readonly sessionId?: string }, link: Link): void {
    if (sessionId === "") return;
    this.#places.delete(sessionId);
    this.#places.set(sessionId, link);
    if (this.#places.size <= MOST) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }
}
