import { create } from "@bufbuild/protobuf";
import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { type HeldLease, HeldLeaseSchema } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { WorkAnswer } from "../operations/operations.ts";
import { isCommitted, whenCommitted } from "./committed.ts";
import type { Item } from "./item.ts";
import { hold, letGo } from "./lease.ts";
import { deliver, giveBack } from "./send.ts";
import type { Session } from "./session.ts";
import { type EngineState, isOfLaterOwner, isServing, itemAt } from "./state.ts";
import { orderEnd, watchAttempt } from "./watch-attempt.ts";

/** What each lease that a worker says it holds is to this coordinator; its own it holds from now on. */
export function adoptHeld(state: EngineState, session: Session, held: readonly HeldLease[]) {
  const adopted: HeldLease[] = [];
  const refused: HeldLease[] = [];
  const elsewhere: HeldLease[] = [];
  const undecided: HeldLease[] = [];
  const named = new Set<Item>();
  for (const { id, fencingToken } of held) {
    const lease = create(HeldLeaseSchema, { id, fencingToken });
    const ref = state.ids.decode(id);
    const item = currentItem(state, lease);
    if (item !== null) named.add(item);
    // Of a shard that is being read nothing is decided yet: what is adopted may be reported on at once.
    if (ref !== null && !isServing(state, ref.shard)) elsewhere.push(lease);
    else if (item !== null) {
      takeOver(state, session, item);
      adopted.push(lease);
    } else if (ref !== null && isOfLaterOwner(state, ref.shard, Number(fencingToken))) elsewhere.push(lease);
    else if (ref !== null && itemAt(state, ref) !== undefined && !isCommitted(state)) undecided.push(lease);
    else refused.push(lease);
  }
  if (undecided.length > 0) whenCommitted(state, () => takeAway(state, session, undecided));
  return { adopted, refused, elsewhere, named };
}

/** Who said that it holds them learns that it does not. */
function takeAway(state: EngineState, session: Session, leases: readonly HeldLease[]): void {
  const lost = leases.filter((lease) => currentItem(state, lease) === null);
  const cancels = lost.map(({ id, fencingToken }) => ({ id, token: Number(fencingToken), reason: TaskReason.LOST }));
  if (cancels.length > 0) deliver(state, session, { cancels });
}

/** What the session was given and its worker does not name never reached it. */
export function giveBackUnnamed(state: EngineState, session: Session, named: ReadonlySet<Item>): void {
  for (const item of [...session.held]) {
    if (named.has(item) || item.state !== "running" || item.attempt?.committed !== true) continue;
    giveBack(state, item);
  }
}

/** Its worker has not been heard of since the shard was taken up. */
export function isOrphan(state: EngineState, item: Item): boolean {
  return item.state === "running" && item.attempt?.session === null && state.items.get(item.head) === item;
}

function currentItem(state: EngineState, lease: HeldLease): Item | null {
  const ref = state.ids.decode(lease.id);
  const item = ref === null ? undefined : itemAt(state, ref);
  if (item === undefined) return null;
  if (item.token !== Number(lease.fencingToken) && !state.planted("bug.any-fence")) return null;
  return item.state === "running" && item.attempt?.committed === true ? item : null;
}

export function takeOver(state: EngineState, session: Session, item: Item): void {
  const attempt = item.attempt;
  if (attempt === null || attempt.session === session) return;
  if (attempt.session !== null) letGo(attempt.session, item);
  if (item.timer !== null) state.wheel.cancel(item.timer);
  item.timer = null;
  item.attempt = { ...attempt, session };
  hold(session, item);
  watchAttempt(state, item);
}

/**
 * What attempts of the session were told and have not done yet: a lost connection may have swallowed it. Cancels of the
 * owner before are ordered anew, over the stream that the session has.
 */
export function ordersOf(state: EngineState, session: Session): NonNullable<WorkAnswer["cancels"]> {
  const orders: NonNullable<WorkAnswer["cancels"]>[number][] = [];
  for (const item of session.held) {
    const { attempt } = item;
    if (item.state !== "running" || attempt?.committed !== true) continue;
    if (attempt.ordered !== 0)
      orders.push({ id: state.ids.encode(item.head), token: item.token, reason: attempt.ordered });
    else if (item.cancelRequestedAt > 0) orderEnd(state, item, TaskReason.ABORTED);
  }
  return orders;
}
