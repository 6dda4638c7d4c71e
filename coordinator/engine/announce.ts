import { create } from "@bufbuild/protobuf";
import { AdoptionSchema, type Announcement, type HeldLease } from "../../proto/gen/tss/v1/worker_service_pb.js";
import { adoptHeld, giveBackUnnamed, isOrphan, ordersOf } from "./adopt-leases.ts";
import { closeSession } from "./close-session.ts";
import { deliver, giveBack } from "./send.ts";
import type { Session } from "./session.ts";
import { type EngineState, isServing } from "./state.ts";

/**
 * What a worker holds beside what this session was given: adopted, refused, or neither yet. A session that it names is over:
 * what of it the worker does not name never arrived.
 */
export function announce(state: EngineState, session: Session, { sessionId, held }: Announcement): void {
  const { adopted, refused, elsewhere } = adoptHeld(state, session, held);
  if (sessionId !== "") endSession(state, session, sessionId, held);
  deliver(state, session, { adoption: create(AdoptionSchema, { adopted, refused, elsewhere }) });
  const orders = ordersOf(state, session);
  if (orders.length > 0) deliver(state, session, { cancels: orders });
}

/**
 * The worker will never go on with the session, so nothing is given to it any more. That is remembered for a lease term, for
 * shards that are taken up only after it.
 * @param by the session in which it says so.
 */
export function endSession(state: EngineState, by: Session, sessionId: string, held: readonly HeldLease[]): void {
  const own = state.sessions.get(sessionId);
  if (own === by || (own !== undefined && own.keyId !== by.keyId)) return;
  if (own !== undefined) {
    // What is named is held by the other session already.
    giveBackUnnamed(state, own, new Set());
    closeSession(state, own);
  }
  const leases = new Set(held.map(({ id, fencingToken }) => `${id}.${fencingToken}`));
  state.announced.set(sessionId, { leases, until: state.clock.monotonic() + state.config.leaseTtlMs });
  giveBackOf(state, sessionId, leases);
}

/** Attempts that were given to a session which is over, and that its worker does not hold, never reached it. */
export function giveBackUnannounced(state: EngineState): void {
  const now = state.clock.monotonic();
  for (const [id, { leases, until }] of state.announced)
    if (until < now) state.announced.delete(id);
    else giveBackOf(state, id, leases);
}

function giveBackOf(state: EngineState, sessionId: string, leases: ReadonlySet<string>): void {
  const number = state.pastSessions.get(sessionId) ?? 0;
  const orphans = state.orphans.get(number);
  if (orphans === undefined) return;
  const left = orphans.filter((item) => isOrphan(state, item));
  state.orphans.set(number, left);
  for (const item of left) {
    if (!isServing(state, item.head.shard)) continue;
    if (!leases.has(`${state.ids.encode(item.head)}.${item.token}`)) giveBack(state, item);
  }
}
