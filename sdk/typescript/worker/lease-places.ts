import type { HeldLease } from "../../../proto/gen/tss/v1/worker_service_pb.js";

export type LeaseRef = Pick<HeldLease, "id" | "fencingToken">;

/** Where a lease that a worker holds came from, and who has it now. */
export interface LeasePlace<Owner> {
  readonly lease: LeaseRef;
  /** The session that it was given to, for ever: that is what its row in the database names. "": not known. */
  readonly origin: string;
  /** null: its coordinator is gone or has handed the shard over, and no other has adopted it yet. */
  owner: Owner | null;
  /** Without an owner: monotonic ms from which the lease is over. */
  until: number;
}

export interface HomelessAnnouncement {
  readonly sessionId: string;
  readonly held: readonly LeaseRef[];
}

/**
 * What a worker with several coordinators holds, and what it has to tell them of it.
 *
 * Of a session that is over, everything that came from it is named, also what others have adopted since: the shard may move
 * again, and what its next owner does not hear of, it takes for never delivered. That is true only because such a session is
 * never taken up again. Of one that goes on nothing can be said but what is held.
 */
export class LeasePlaces<Owner> {
  readonly #places = new Map<string, LeasePlace<Owner>>();
  /** Sessions that are over, and until when (monotonic ms) that is worth saying. */
  readonly #over = new Map<string, number>();

  get size(): number {
    return this.#places.size;
  }

  ownerOf(id: string, token: number | bigint): Owner | undefined {
    return this.#places.get(keyOf(id, token))?.owner ?? undefined;
  }

  has({ id, fencingToken }: LeaseRef): boolean {
    return this.#places.has(keyOf(id, fencingToken));
  }

  isOwned(owner: Owner): boolean {
    for (const place of this.#places.values()) if (place.owner === owner) return true;
    return false;
  }

  /** A lease that has just come, or is held since before there was anything to tell apart. */
  add({ id, fencingToken }: LeaseRef, origin: string, owner: Owner): void {
    this.#places.set(keyOf(id, fencingToken), { lease: { id, fencingToken }, origin, owner, until: 0 });
  }

  delete(id: string, token: number | bigint): void {
    this.#places.delete(keyOf(id, token));
  }

  /** @returns whether it had no owner before. */
  adopt({ id, fencingToken }: LeaseRef, owner: Owner): boolean {
    const place = this.#places.get(keyOf(id, fencingToken));
    if (place === undefined) {
      this.add({ id, fencingToken }, "", owner);
      return false;
    }
    const homeless = place.owner === null;
    place.owner = owner;
    return homeless;
  }

  /** Whoever had it has it no more; one that another has keeps its owner. */
  leave({ id, fencingToken }: LeaseRef, owner: Owner, until: number): void {
    const key = keyOf(id, fencingToken);
    const place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, { lease: { id, fencingToken }, origin: "", owner: null, until });
    else if (place.owner === owner) {
      place.owner = null;
      place.until = until;
    }
  }

  /** The coordinator is gone. @param session the one with it, which is over. */
  leaveAll(owner: Owner, session: string, until: number): void {
    this.#over.set(session, until);
    for (const place of this.#places.values())
      if (place.owner === owner) {
        place.owner = null;
        place.until = until;
      }
  }

  /** What was held before any of it: of a session that is over, nobody's yet. */
  comeBack(session: string, held: readonly LeaseRef[], until: number): void {
    this.#over.set(session, until);
    for (const { id, fencingToken } of held)
      this.#places.set(keyOf(id, fencingToken), { lease: { id, fencingToken }, origin: session, owner: null, until });
  }

  /** An owner says that the lease is not the worker's any more. @returns whether it is the one to say so. */
  refuse({ id, fencingToken }: LeaseRef, owner: Owner): boolean {
    const key = keyOf(id, fencingToken);
    const place = this.#places.get(key);
    if (place !== undefined && place.owner !== null && place.owner !== owner) return false;
    this.#places.delete(key);
    return true;
  }

  /** Those whose term is over, which are forgotten. */
  takeLost(now: number): LeaseRef[] {
    const lost: LeaseRef[] = [];
    for (const [key, { lease, owner, until }] of this.#places) {
      if (owner !== null || until > now) continue;
      this.#places.delete(key);
      lost.push(lease);
    }
    return lost;
  }

  get homeless(): boolean {
    for (const { owner } of this.#places.values()) if (owner === null) return true;
    return false;
  }

  announcements(now: number): HomelessAnnouncement[] {
    for (const [session, until] of this.#over) if (until <= now) this.#over.delete(session);
    const held = new Map<string, LeaseRef[]>([...this.#over.keys()].map((session) => [session, []]));
    const others: LeaseRef[] = [];
    for (const { lease, origin, owner } of this.#places.values()) {
      const named = held.get(origin);
      if (named !== undefined) named.push(lease);
      else if (owner === null) others.push(lease);
    }
    const announcements = [...held].map(([sessionId, leases]) => ({ sessionId, held: leases }));
    return others.length > 0 ? [...announcements, { sessionId: "", held: others }] : announcements;
  }
}

function keyOf(id: string, token: number | bigint): string {
  return `${id}.${token}`;
}
