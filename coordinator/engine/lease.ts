import { TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { decide } from "../kernel/decide.ts";
import { packLocks } from "../kernel/task-lock.ts";
import { EVENT, type TaskHead } from "../ports/rows.ts";
import { holdLocks } from "./claim-locks.ts";
import { addEvent, endItem } from "./conclude.ts";
import { isExpired } from "./expiry.ts";
import { dropMemory, takeInHand } from "./fill.ts";
import { attemptNumber, type Item } from "./item.ts";
import type { Lane } from "./lanes.ts";
import { considerRefill } from "./refill.ts";
import type { Session } from "./session.ts";
import { type EngineState, shardAt } from "./state.ts";
import { stateOf } from "./task-state.ts";

/**
 * Gives the lane's next task to a session: the attempt is in memory and its event row waits for the flush.
 * @returns false when the task had expired and was ended instead.
 */
export function leaseNext(state: EngineState, session: Session, lane: Lane, now: number): boolean {
  const taken = lane.take();
  if (taken === null) return false;
  const item = "head" in taken ? taken : fromHead(state, taken, lane);
  considerRefill(state, lane, item.head.shard);
  if (isExpired(state, item)) {
    endItem(state, item, TaskStatus.FAILED, TaskReason.EXPIRED, {});
    return false;
  }
  const decision = decide(stateOf(item), { kind: "lease" }, item.head);
  if (decision.do !== "lease") throw new Error(`a waiting task cannot be leased: ${JSON.stringify(decision)}`);
  const ord = shardAt(state, item.head.shard).nextOrd();
  item.state = "running";
  if (lane.room !== null) lane.room.running++;
  item.attempts = decision.attempt;
  item.token = ord;
  item.attempt = {
    session,
    sessionNumber: session.number,
    leasedAt: now,
    committed: false,
    startedAt: 0,
    begunAt: state.clock.monotonic(),
    progress: null,
    messages: [],
    ordered: 0,
    told: 0,
    beatAt: 0,
  };
  hold(session, item);
  session.credit--;
  if (session.recordedIn !== state.segments.open.generation) {
    session.recordedIn = state.segments.open.generation;
    state.pending.sessions.push({
      session: session.number,
      id: session.id,
      workerName: session.info.name,
      at: session.connectedAt,
    });
  }
  if (item.locks.length > 0) holdLocks(state, item);
  addEvent(state, item.head, {
    ...{ kind: EVENT.leased, ord, attempt: attemptNumber(item), session: session.number, at: now },
    detail: packLocks(item.locks),
  });
  state.pending.leases.push({ item, token: ord });
  return true;
}

function fromHead(state: EngineState, head: TaskHead, lane: Lane): Item {
  dropMemory(state, head);
  return takeInHand(state, head, lane, "returned");
}

export function hold(session: Session, item: Item): void {
  session.held.add(item);
  const { resources } = item.lane.key.needs;
  for (const name in resources) session.used.set(name, (session.used.get(name) ?? 0) + (resources[name] as number));
}

export function letGo(session: Session, item: Item): void {
  if (!session.held.delete(item)) return;
  const { resources } = item.lane.key.needs;
  for (const name in resources) session.used.set(name, (session.used.get(name) ?? 0) - (resources[name] as number));
}
