import type { QueueView, SystemView } from "../stats/view.ts";
import { countText, manyText, spanText } from "../words.ts";
import { type Reason, rank, reason } from "./reason.ts";
import {
  attemptsLost,
  failing,
  type LimitFacts,
  type PauseFacts,
  paused,
  retryStorm,
  slowHandler,
  storeAway,
  storeSlow,
  throttled,
} from "./system.ts";

export interface QueueFacts {
  readonly pause: PauseFacts | null;
  readonly limit: LimitFacts | null;
  /** Types that have tasks in the queue. */
  readonly types: readonly string[];
  /** Why its ready tasks are not taken, by kind of task. */
  readonly waiting: readonly Reason[];
}

/** What holds a queue back or slows it, and one sentence about how it goes. */
export function explainQueueView(
  queue: QueueView,
  view: SystemView,
  { pause, limit, types, waiting }: QueueFacts,
  now: number,
): { readonly reasons: readonly Reason[]; readonly summary: string } {
  const held = [pause === null ? null : paused(pause, now), limit === null ? null : throttled(limit, null)];
  const found: (Reason | null)[] = [storeAway(view), ...held, ...waiting];
  const { scheduled, retrying } = queue.states;
  if (retrying > 0)
    found.push(
      reason({
        ...{ code: "retrying", tasks: retrying, evidence: { retrying: String(retrying) } },
        message: `${manyText(retrying, "task")} failed and ${retrying === 1 ? "is" : "are"} tried again later.`,
        action: "Look at what fails; the pauses between attempts are in the tasks' retry policies.",
      }),
    );
  if (scheduled > 0)
    found.push(
      reason({
        ...{ code: "scheduled", tasks: scheduled, evidence: { scheduled: String(scheduled) } },
        message: `${manyText(scheduled, "task")} ${scheduled === 1 ? "has" : "have"} a start time that lies ahead.`,
        action: "Nothing: they start by themselves.",
      }),
    );
  found.push(attemptsLost(queue), retryStorm(queue), failing(queue), storeSlow(view));
  for (const type of types) found.push(slowHandler(view.slower, type));
  const reasons = rank(found.filter((one) => one !== null));
  const [first] = reasons;
  return { reasons, summary: first?.blocking ? first.message : howItGoes(queue) };
}

function howItGoes(queue: QueueView): string {
  const { states, oldestReadyMs, drainMs, outPerMinute, inPerMinute } = queue;
  if (states.ready === 0)
    return `Nothing of queue ${queue.queue} waits for a worker; ${countText(inPerMinute)} came in and ${countText(outPerMinute)} ended in the last minute.`;
  const oldest = oldestReadyMs === undefined ? "" : `, the oldest for ${spanText(oldestReadyMs)}`;
  const drain =
    drainMs === undefined ? "more comes in than goes out" : `at this rate nothing is left in ${spanText(drainMs)}`;
  return `${manyText(states.ready, "task")} of queue ${queue.queue} ${states.ready === 1 ? "is" : "are"} ready${oldest}; ${drain}.`;
}
