import { attemptNumber, specOf } from "../engine/item.ts";
import type { SubmitOutcome } from "../engine/pending.ts";
import type { Acknowledge } from "../engine/report.ts";
import { type EngineState, itemAt } from "../engine/state.ts";
import type { Admission } from "../kernel/admit.ts";
import type { AttemptReport } from "../kernel/attempt-report.ts";
import type { StoredTask } from "../ports/rows.ts";
import { findTask } from "./find-task.ts";

/** The coordinator's spans of a task. Callers ask `state.tracer.enabled` first. */

/**
 * `send`, once the task is committed; a repeat of an earlier message has been seen before and is not sent again.
 * @param startedAt when the submit came, ms since 1970.
 */
export function traceSend(
  state: EngineState,
  { queue, type }: Admission,
  traceparent: string,
  outcome: SubmitOutcome,
  startedAt: number,
  rootId?: string,
): void {
  if (!("ref" in outcome) || outcome.duplicate) return;
  const task = { id: state.ids.encode(outcome.ref), queue, type, traceparent };
  state.tracer.send(rootId === undefined ? task : { ...task, rootId }, startedAt, {});
}

/** `settle`, from now until the report is acknowledged. Reports that cannot count any more have none. */
export function traceSettle(state: EngineState, report: AttemptReport, acknowledge: Acknowledge): Acknowledge {
  const ref = state.ids.decode(report.id);
  const item = ref === null ? undefined : itemAt(state, ref);
  if (item?.state !== "running" || item.token !== report.token) return acknowledge;
  const startedAt = state.clock.now();
  const { queue, needs } = item.lane.key;
  const task = { id: report.id, queue, type: needs.type, traceparent: specOf(item.head).traceparent };
  const attempt = { attempt: attemptNumber(item), workerId: item.attempt?.session?.id ?? "" };
  return (accepted) => {
    state.tracer.settle(task, attempt, startedAt, accepted ? {} : { error: "refused" });
    acknowledge(accepted);
  };
}

/** Id of the task that a row of retries began with, as far back as tasks are kept. */
export async function firstTask(state: EngineState, id: string, stored: StoredTask): Promise<string> {
  let first = id;
  for (let task = stored.task; task.retryOf !== ""; ) {
    first = task.retryOf;
    try {
      task = (await findTask(state, first)).task;
    } catch {
      break;
    }
  }
  return first;
}
