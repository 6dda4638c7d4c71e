import { TaskReason } from "../../../proto/gen/tss/v1/task_pb.js";
import type { QueueView, SystemView } from "../stats/view.ts";
import { countText, manyText, spanText } from "../words.ts";
import { type LockFacts, lockReason } from "./lock.ts";
import { type Reason, rank, reason, seconds, time } from "./reason.ts";
import {
  attemptsLost,
  type LimitFacts,
  type PauseFacts,
  paused,
  retryStorm,
  slowHandler,
  storeAway,
  storeSlow,
  throttled,
} from "./system.ts";
import { type Asked, holding, lacking, type WorkerFacts } from "./workers.ts";

/** A waiting task and what surrounds it. */
export interface WaitingTask {
  readonly id: string;
  readonly asked: Asked;
  /** TaskReason. */
  readonly reason: TaskReason;
  /** When its time comes; 0: now. */
  readonly dueAt: number;
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Of its attempts, those that were lost with their worker. */
  readonly lost: number;
  /** What its last attempt failed of; "": none has. */
  readonly lastError: string;
  readonly pause: PauseFacts | null;
  /** The limit that its queue has reached. */
  readonly limit: LimitFacts | null;
  /** The lock that it, or one of its kind before it, waits for; or why none could be asked for. */
  readonly lock: LockFacts | string | null;
  /** Ready tasks that go before it: of higher priority, and of its own; null: not known. */
  readonly higher: number | null;
  readonly earlier: number | null;
  /** Fairness keys that take turns with its own. */
  readonly turns: number;
  readonly workers: readonly WorkerFacts[];
  readonly serving: readonly WorkerFacts[];
}

export interface Explained {
  readonly reasons: readonly Reason[];
  /** When the task is expected to start; null: unknown, or never by itself. */
  readonly expectedAt: number | null;
}

/** Why a task waits, what blocks it first. */
export function explainWaiting(task: WaitingTask, queue: QueueView, view: SystemView, now: number): Explained {
  const found: (Reason | null)[] = [storeAway(view), notYet(task, now)];
  if (task.pause !== null) found.push(paused(task.pause, now));
  const lack = lacking(task.asked, task.workers);
  found.push(lack);
  const startsAt = startOf(task, queue, now);
  const isReady = task.dueAt <= now && task.pause === null && lack === null;
  if (isReady && task.limit !== null) found.push(throttled(task.limit, startsAt), ...order(task));
  else if (isReady)
    found.push(lockReason(task.lock, 0, now) ?? holding(task.asked, task.serving, startsAt), ...order(task));
  found.push(poison(task), attemptsLost(queue), retryStorm(queue), slowHandler(view.slower, task.asked.needs.type));
  if (isReady) found.push(storeSlow(view));
  const reasons = rank(found.filter((one) => one !== null));
  const never = reasons.some(({ blocking, expectedAt }) => blocking && expectedAt === null);
  if (reasons.length === 0) return { reasons: [starting()], expectedAt: now };
  const times = reasons.filter(({ blocking }) => blocking).map(({ expectedAt }) => expectedAt ?? 0);
  return { reasons, expectedAt: never ? null : Math.max(now, ...times, isReady ? (startsAt ?? now) : 0) };
}

function notYet({ reason: why, dueAt, attempts, maxAttempts, lastError, id }: WaitingTask, now: number): Reason | null {
  if (dueAt <= now) return null;
  const left = spanText(dueAt - now);
  const told = { blocking: true, expectedAt: dueAt };
  if (why === TaskReason.RETRYING)
    return reason({
      ...{ ...told, code: "retrying" },
      message: `Attempt ${attempts} of ${maxAttempts} failed${lastError === "" ? "" : ` (${lastError})`}; the next one comes in ${left}.`,
      action: "Wait; or mend the cause, cancel it and retry it at once.",
      command: `tss task logs ${id}`,
      evidence: { next_attempt_at: time(dueAt), attempt: String(attempts), max_attempts: String(maxAttempts) },
    });
  return reason({
    ...{ ...told, code: "scheduled" },
    message: `Its start time lies ${left} ahead.`,
    action: "Wait, or submit it again without a delay.",
    evidence: { run_at: time(dueAt) },
  });
}

/** What goes before it, though nothing else holds it. */
function order({ higher, earlier, turns, asked }: WaitingTask): (Reason | null)[] {
  const evidence = { queue: asked.queue };
  return [
    higher === null || higher === 0
      ? null
      : reason({
          code: "priority",
          message: `${manyText(higher, "ready task")} of higher priority ${higher === 1 ? "goes" : "go"} first.`,
          action: "Wait, add slots, or submit it with a higher priority.",
          evidence: { ...evidence, higher: String(higher) },
        }),
    turns === 0
      ? null
      : reason({
          code: "turn",
          message: `${manyText(turns, "other fairness key")} of its queue ${turns === 1 ? "takes" : "take"} turns with its own.`,
          action: "Wait, or add slots.",
          evidence: { ...evidence, keys: String(turns) },
        }),
    earlier === null || earlier === 0
      ? null
      : reason({
          code: "order",
          message: `${manyText(earlier, "ready task")} of its kind came before it.`,
          action: "Wait, or add slots.",
          evidence: { ...evidence, earlier: String(earlier) },
        }),
  ];
}

/** Lost attempts at which a task is suspected of felling its workers. */
const POISON = 2;

function poison({ lost, id }: WaitingTask): Reason | null {
  if (lost < POISON) return null;
  return reason({
    code: "poison",
    message: `${countText(lost)} workers were lost while they ran it: it may be what fells them.`,
    action: "Look at its memory use and output before it runs again; cancel it if it is not needed.",
    command: `tss task abort ${id}`,
    evidence: { lost: String(lost) },
  });
}

function starting(): Reason {
  return reason({
    code: "starting",
    message: "A slot is free for it: it starts at once.",
    action: "Nothing.",
  });
}

/** By how fast its queue starts tasks now; null: unknown. */
function startOf(
  { higher, earlier }: WaitingTask,
  { flow5, neededSlots, run, slots }: QueueView,
  now: number,
): number | null {
  if (higher === null || earlier === null) return null;
  const perSecond = (flow5.started + flow5.retried) / 300;
  const ahead = higher + earlier + 1;
  if (perSecond > 0 && neededSlots !== undefined) return Math.round(now + (ahead / perSecond) * 1_000);
  // Nothing has started lately: what runs now must end first.
  return run.meanMs === undefined || slots === 0 ? null : Math.round(now + Math.ceil(ahead / slots) * run.meanMs);
}

export interface RunningTask {
  readonly id: string;
  readonly reason: TaskReason;
  readonly type: string;
  readonly worker: string;
  readonly startedAt: number;
  /** Longest run; 0: none. */
  readonly timeoutMs: number;
  /** Since the handler's last sign of life; null: it gives none. */
  readonly quietMs: number | null;
  readonly workerSilentMs: number;
  readonly leaseTtlMs: number;
  readonly percent: number | null;
  /** How long attempts of its type run; undefined: unknown. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
}

export function explainRunning(task: RunningTask, view: SystemView, now: number): Explained {
  const { id, worker, startedAt, p50Ms, p95Ms } = task;
  const ranMs = Math.max(now - startedAt, 0);
  const evidence = {
    ...{ worker, started_at: time(startedAt), running_seconds: seconds(ranMs) },
    ...(p50Ms === undefined ? {} : { usual_p50_seconds: seconds(p50Ms) }),
    ...(p95Ms === undefined ? {} : { usual_p95_seconds: seconds(p95Ms) }),
    ...(task.percent === null ? {} : { percent: String(task.percent) }),
  };
  const found: (Reason | null)[] = [storeAway(view)];
  if (task.reason === TaskReason.CANCELLING)
    found.push(
      reason({
        code: "cancelling",
        message: `Worker ${worker} was told to end it.`,
        action: "Wait for its grace to pass.",
        evidence,
      }),
    );
  else if (task.reason === TaskReason.DISCONNECTED)
    found.push(
      reason({
        code: "disconnected",
        message: `The connection of worker ${worker} is gone; its lease still holds.`,
        action: "Wait: the worker comes back, or the attempt is lost when the lease ends.",
        evidence: { ...evidence, silent_seconds: seconds(task.workerSilentMs) },
        expectedAt: now + Math.max(task.leaseTtlMs - task.workerSilentMs, 0),
      }),
    );
  else if (p95Ms !== undefined && ranMs > 2 * Math.max(p95Ms, 1_000))
    found.push(
      reason({
        code: "stalled",
        message: `Worker ${worker} has run it for ${spanText(ranMs)}; nineteen in twenty of its kind take ${spanText(p95Ms)} or less${task.quietMs === null ? "" : `. Its last sign of life came ${spanText(task.quietMs)} ago`}.`,
        action: "Read its output; cancel it if it hangs.",
        command: `tss task logs ${id} -f`,
        evidence,
      }),
    );
  else
    found.push(
      reason({
        code: "executing",
        message: `Worker ${worker} has been running it for ${spanText(ranMs)}${task.percent === null ? "" : ` (${Math.round(task.percent)} %)`}.`,
        action: `Follow it: tss task logs ${id} -f`,
        command: `tss task logs ${id} -f`,
        evidence,
      }),
    );
  found.push(slowHandler(view.slower, task.type));
  const usual = p50Ms === undefined ? null : startedAt + p50Ms;
  return {
    reasons: found.filter((one) => one !== null),
    expectedAt: usual !== null && usual > now ? Math.round(usual) : null,
  };
}
