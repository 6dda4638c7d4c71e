import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { hasField, SPEC_FIELD } from "../kernel/scan-fields.ts";
import { durationMs } from "../kernel/time.ts";
import { concludeAttempt } from "./attempt-end.ts";
import { type Item, specOf } from "./item.ts";
import { deliver } from "./send.ts";
import { type EngineState, isOwned } from "./state.ts";

/**
 * Deadlines of a running attempt. The worker keeps them itself, nearer to the process; these are for a worker that does not:
 * first it is told to end the attempt, and a minute after its grace the attempt is ended without it.
 */
const SLACK_MS = 1_000;
const GIVE_UP_MS = 60_000;

/** Winds the timer of an attempt that has begun or has given a sign of life. */
export function watchAttempt(state: EngineState, item: Item): void {
  const attempt = item.attempt;
  if (attempt === null || attempt.ordered !== 0) return;
  const { timeoutMs } = item.head;
  const heartbeatMs = heartbeatOf(item);
  if (timeoutMs === 0 && heartbeatMs === 0) return;
  const ran = state.clock.monotonic() - attempt.begunAt;
  const runsOut = timeoutMs === 0 ? Number.POSITIVE_INFINITY : Math.max(timeoutMs - ran, 0);
  const silent = heartbeatMs === 0 ? Number.POSITIVE_INFINITY : heartbeatMs;
  const reason = runsOut <= silent ? TaskReason.TIMED_OUT : TaskReason.HEARTBEAT;
  setTimer(state, item, Math.min(runsOut, silent) + SLACK_MS, () => orderEnd(state, item, reason));
}

function heartbeatOf(item: Item): number {
  if (item.lane.key.needs.type === "" || !hasField(item.head.spec, SPEC_FIELD.heartbeatTimeout)) return 0;
  const { heartbeatTimeout } = specOf(item.head);
  return heartbeatTimeout === undefined ? 0 : durationMs(heartbeatTimeout);
}

/** Tells the worker to end the attempt, and gives it up long after its grace. */
export function orderEnd(state: EngineState, item: Item, reason: TaskReason): void {
  const attempt = item.attempt;
  if (attempt === null || item.state !== "running") return;
  attempt.ordered = reason;
  if (attempt.session !== null && attempt.committed)
    deliver(state, attempt.session, { cancels: [{ id: state.ids.encode(item.head), token: item.token, reason }] });
  const { cancelGrace } = specOf(item.head);
  const graceMs = cancelGrace === undefined ? LIMITS.cancelGraceDefaultMs : durationMs(cancelGrace);
  const { token } = item;
  setTimer(state, item, graceMs + GIVE_UP_MS, () => {
    if (isOwned(state, item.head.shard)) concludeAttempt(state, item, { kind: "giveUp", token, reason }, {});
  });
}

function setTimer(state: EngineState, item: Item, afterMs: number, fire: () => void): void {
  if (item.timer !== null) state.wheel.cancel(item.timer);
  item.timer = state.wheel.add(state.clock.monotonic() + afterMs, () => {
    item.timer = null;
    fire();
  });
}
