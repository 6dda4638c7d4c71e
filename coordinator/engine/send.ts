import { TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { LeaseGrant, WorkStream } from "../operations/operations.ts";
import { EVENT } from "../ports/rows.ts";
import { addEvent, endItem, release } from "./conclude.ts";
import { isExpired } from "./expiry.ts";
import { returnItem } from "./fill.ts";
import { attemptNumber, type Item } from "./item.ts";
import type { PendingLease } from "./pending.ts";
import { updateReady } from "./serving.ts";
import type { Session } from "./session.ts";
import type { EngineState } from "./state.ts";
import { watchAttempt } from "./watch-attempt.ts";

/** Leases leave after their commit, many in a message; one whose worker has gone meanwhile goes back unharmed. */
export function sendLeases(state: EngineState, leases: readonly PendingLease[]): void {
  if (leases.length === 0) return;
  const bySession = new Map<Session, LeaseGrant[]>();
  const now = state.clock.now();
  for (const { item, token } of leases) {
    const attempt = item.attempt;
    if (attempt === null || item.state !== "running" || item.token !== token) continue;
    attempt.committed = true;
    const { session } = attempt;
    // Nobody is there to run it, or it was cancelled before anybody could.
    if (session === null || session.stream === null || item.cancelRequestedAt > 0) {
      giveBack(state, item);
      if (session !== null) returnCredit(state, session);
      continue;
    }
    const { queue, needs } = item.lane.key;
    state.observer.started(queue, needs.type, attemptNumber(item) > 1, now - Math.max(item.head.createdAt, item.dueAt));
    watchAttempt(state, item);
    const grants = bySession.get(session);
    if (grants === undefined) bySession.set(session, [grantOf(state, item)]);
    else grants.push(grantOf(state, item));
  }
  for (const [session, leases] of bySession) deliver(state, session, { leases });
}

/** A lease that was not sent takes nothing of what its worker offers. */
export function returnCredit(state: EngineState, session: Session): void {
  // A worker that comes back says anew what it offers.
  if (session.stream === null) return;
  session.credit++;
  updateReady(state, session);
}

/** Sends, and holds further leases back while the peer is slow to read. */
export function deliver(
  state: EngineState,
  session: Session,
  answer: Parameters<NonNullable<Session["stream"]>["send"]>[0],
): void {
  const { stream } = session;
  if (stream !== null && !stream.send(answer)) holdBack(state, session, stream);
}

/** Answers one report. */
export function acknowledge(state: EngineState, session: Session, id: string, token: number, accepted: boolean): void {
  const { stream } = session;
  if (stream !== null && !stream.acknowledge(id, token, accepted)) holdBack(state, session, stream);
}

function holdBack(state: EngineState, session: Session, stream: WorkStream): void {
  if (session.stalled) return;
  session.stalled = true;
  state.ready.delete(session);
  stream.onDrained(() => {
    session.stalled = false;
    if (session.credit > 0 && !session.draining && session.stream !== null) state.ready.add(session);
    state.wake();
  });
}

export function grantOf(state: EngineState, item: Item): LeaseGrant {
  const { head } = item;
  return {
    id: state.ids.encode(head),
    token: item.token,
    attempt: attemptNumber(item),
    maxAttempts: head.maxAttempts,
    spec: head.spec,
    timeoutMs: head.timeoutMs,
    createdAt: head.createdAt,
    ...(item.locks.length === 0 ? {} : { locks: item.locks }),
  };
}

/**
 * The attempt never reached its worker, or came back: it costs nothing and the task is next again.
 * @param begun what is known of it, if it had begun; then no other has its number.
 */
export function giveBack(state: EngineState, item: Item, begun: Uint8Array | null = null): void {
  if (item.cancelRequestedAt > 0) {
    endItem(state, item, TaskStatus.CANCELLED, TaskReason.ABORTED, {});
    return;
  }
  addEvent(state, item.head, {
    kind: EVENT.released,
    attempt: attemptNumber(item),
    at: state.clock.now(),
    session: item.attempt?.sessionNumber ?? 0,
    detail: begun,
  });
  release(state, item);
  item.attempts--;
  if (begun !== null) item.released++;
  item.attempt = null;
  // Nobody looks at it again for that.
  if (isExpired(state, item)) endItem(state, item, TaskStatus.FAILED, TaskReason.EXPIRED, {});
  else returnItem(state, item);
}
