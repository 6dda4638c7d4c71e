import type { QueueView, SystemView } from "../stats/view.ts";
import { countText, manyText, shareText, spanText } from "../words.ts";
import { type Finding, type Rule, THRESHOLDS as T } from "./rule.ts";

type Told = Omit<Finding, "subject">;

/** One finding for each queue that the rule is about. */
function eachQueue(judge: (queue: QueueView) => Told | null): (view: SystemView) => Finding[] {
  return ({ queues }) =>
    queues.flatMap((queue) => {
      const told = judge(queue);
      return told === null ? [] : [{ subject: `queue/${queue.queue}`, ...told }];
    });
}

const oldest = ({ oldestReadyMs = 0 }: QueueView) => oldestReadyMs;
const ageSeconds = (queue: QueueView) => (oldest(queue) / 1_000).toFixed(0);

export const noWorker: Rule = {
  code: "no_worker",
  severity: "critical",
  forMs: T.noWorkerSeconds * 1_000,
  find: eachQueue((queue) =>
    queue.unserved === 0
      ? null
      : {
          summary:
            queue.workers === 0
              ? `Queue ${queue.queue} has ${manyText(queue.unserved, "ready task")} and no worker.`
              : `Queue ${queue.queue} has ${manyText(queue.unserved, "ready task")} that none of its ${manyText(queue.workers, "worker")} can run.`,
          action:
            queue.workers === 0
              ? `Start a worker that serves queue ${queue.queue}.`
              : "Start a worker with the handler, labels and resources that they ask for.",
          command: queue.workers === 0 ? `TSS_WORKER_QUEUES=${queue.queue} tss-agent` : "tss worker list",
          evidence: {
            unserved: String(queue.unserved),
            workers: String(queue.workers),
            oldest_ready_seconds: ageSeconds(queue),
          },
          weight: queue.unserved,
        },
  ),
  alert: {
    name: "TssNoWorker",
    expr: 'sum by (queue) (tss_blocked_tasks{reason="no_worker"}) > 0',
    summary: "Queue {{ $labels.queue }} has {{ $value }} ready tasks that no worker can run.",
  },
};

export const saturated: Rule = {
  code: "saturated",
  severity: "warning",
  forMs: T.saturatedSeconds * 1_000,
  find: eachQueue((queue) => {
    if (queue.slots === 0 || queue.slotsUsed / queue.slots < T.saturatedShare) return null;
    if (oldest(queue) <= T.saturatedAgeSeconds * 1_000) return null;
    const more = Math.max((queue.neededSlots ?? 0) - queue.slots, 1);
    return {
      summary: `Queue ${queue.queue} has waited ${spanText(oldest(queue))}: ${countText(queue.slotsUsed)} of ${manyText(queue.slots, "slot")} are in use.`,
      action: `Add about ${manyText(more, "slot")}: more workers, or a larger TSS_WORKER_SLOTS.`,
      command: "tss worker list",
      evidence: {
        slots: String(queue.slots),
        slots_used: String(queue.slotsUsed),
        needed_slots: String(queue.neededSlots ?? ""),
        oldest_ready_seconds: ageSeconds(queue),
      },
      weight: oldest(queue),
    };
  }),
  alert: {
    name: "TssSaturated",
    expr: `sum by (queue) (tss_queue_slots{kind="used"}) / sum by (queue) (tss_queue_slots) >= ${T.saturatedShare} and max by (queue) (tss_queue_oldest_ready_age_seconds) > ${T.saturatedAgeSeconds}`,
    summary:
      "{{ $value | humanizePercentage }} of the slots of queue {{ $labels.queue }} are in use and its tasks wait.",
  },
};

export const limitBound: Rule = {
  code: "limit_bound",
  severity: "warning",
  forMs: T.boundSeconds * 1_000,
  find: eachQueue((queue) => {
    if (queue.slots === 0 || queue.slotsUsed / queue.slots >= T.saturatedShare) return null;
    if (queue.states.ready <= queue.unserved || oldest(queue) <= T.boundAgeSeconds * 1_000) return null;
    const idle = queue.slots - queue.slotsUsed;
    return {
      summary: `Queue ${queue.queue} has waited ${spanText(oldest(queue))} although ${manyText(idle, "slot")} ${idle === 1 ? "is" : "are"} free.`,
      action: "What its tasks ask for (handler, labels, resources) is taken or not there: see what each one waits for.",
      command: `tss task list --queue ${queue.queue} --status waiting`,
      evidence: {
        ready: String(queue.states.ready),
        free_slots: String(idle),
        oldest_ready_seconds: ageSeconds(queue),
      },
      weight: oldest(queue),
    };
  }),
  alert: {
    name: "TssLimitBound",
    expr: `sum by (queue) (tss_queue_slots{kind="used"}) / sum by (queue) (tss_queue_slots) < ${T.saturatedShare} and max by (queue) (tss_queue_oldest_ready_age_seconds) > ${T.boundAgeSeconds} and sum by (queue) (tss_tasks{state="ready"}) > (sum by (queue) (tss_blocked_tasks{reason="no_worker"}) or sum by (queue) (tss_tasks{state="ready"}) * 0)`,
    summary: "Queue {{ $labels.queue }} waits although slots are free.",
  },
};

export const backlogOld: Rule = {
  code: "backlog_old",
  severity: "warning",
  forMs: 0,
  find: eachQueue((queue) =>
    oldest(queue) <= T.oldSeconds * 1_000
      ? null
      : {
          summary: `The oldest ready task of queue ${queue.queue} has waited ${spanText(oldest(queue))}.`,
          action:
            queue.drainMs === undefined
              ? "More comes in than goes out: add workers or slots, or submit less."
              : `At this rate nothing is left in ${spanText(queue.drainMs)}.`,
          command: "tss queue list",
          evidence: { ready: String(queue.states.ready), oldest_ready_seconds: ageSeconds(queue) },
          weight: oldest(queue),
        },
  ),
  alert: {
    name: "TssBacklogOld",
    expr: `max by (queue) (tss_queue_oldest_ready_age_seconds) > ${T.oldSeconds}`,
    summary: "The oldest ready task of queue {{ $labels.queue }} has waited {{ $value | humanizeDuration }}.",
  },
};

export const retryStorm: Rule = {
  code: "retry_storm",
  severity: "warning",
  forMs: 0,
  find: eachQueue((queue) => {
    const { started, retried } = queue.flow5;
    const share = retried / Math.max(started + retried, 1);
    if (retried < T.retryStarts || share <= T.retryShare) return null;
    return {
      summary: `${shareText(share)} of the attempts of queue ${queue.queue} in the last 5 min were retries.`,
      action: "Look at what fails; give its tasks a longer retry interval, or pause the queue.",
      command: `tss queue pause ${queue.queue}`,
      evidence: { retried: String(retried), started: String(started), share: share.toFixed(3) },
      weight: share,
    };
  }),
  alert: {
    name: "TssRetryStorm",
    expr: `sum by (queue) (increase(tss_attempts_started_total{attempt="retry"}[5m])) / sum by (queue) (increase(tss_attempts_started_total[5m])) > ${T.retryShare} and sum by (queue) (increase(tss_attempts_started_total{attempt="retry"}[5m])) >= ${T.retryStarts}`,
    summary: "{{ $value | humanizePercentage }} of the attempts of queue {{ $labels.queue }} are retries.",
  },
};

const failedShare = ({ ended10, failed10 }: QueueView) => failed10 / Math.max(ended10, 1);

const failures = (queue: QueueView): Told => ({
  summary: `${shareText(failedShare(queue))} of the tasks of queue ${queue.queue} that ended in the last 10 min have failed (${countText(queue.failed10)} of ${countText(queue.ended10)}).`,
  action: "Look at the failure groups; a group that is new or came with a new version tells most.",
  command: `tss task list --queue ${queue.queue} --status failed`,
  evidence: {
    failed: String(queue.failed10),
    ended: String(queue.ended10),
    share: failedShare(queue).toFixed(3),
  },
  weight: queue.failed10,
});

const FAILED_SHARE =
  'sum by (queue) (increase(tss_tasks_finished_total{outcome="failed"}[10m])) / sum by (queue) (increase(tss_tasks_finished_total[10m]))';
const ENOUGH_ENDS = `sum by (queue) (increase(tss_tasks_finished_total[10m])) >= ${T.failureEnds}`;

export const failing: Rule = {
  code: "failing",
  severity: "critical",
  forMs: 0,
  find: eachQueue((queue) =>
    queue.ended10 < T.failureEnds || failedShare(queue) <= T.failingShare ? null : failures(queue),
  ),
  alert: {
    name: "TssFailing",
    expr: `${FAILED_SHARE} > ${T.failingShare} and ${ENOUGH_ENDS}`,
    summary: "{{ $value | humanizePercentage }} of the tasks of queue {{ $labels.queue }} fail.",
  },
};

export const failureSpike: Rule = {
  code: "failure_spike",
  severity: "warning",
  forMs: 0,
  find: eachQueue((queue) => {
    const share = failedShare(queue);
    if (queue.ended10 < T.failureEnds || share <= T.failureShare || share > T.failingShare) return null;
    return failures(queue);
  }),
  alert: {
    name: "TssFailureSpike",
    expr: `${FAILED_SHARE} > ${T.failureShare} <= ${T.failingShare} and ${ENOUGH_ENDS}`,
    summary: "{{ $value | humanizePercentage }} of the tasks of queue {{ $labels.queue }} fail.",
  },
};

export const pausedBacklog: Rule = {
  code: "queue_paused",
  severity: "info",
  forMs: T.pausedSeconds * 1_000,
  find: (view) =>
    eachQueue((queue) => {
      if (!queue.paused || queue.states.paused === 0) return null;
      const note = queue.pauseNote === "" ? "" : ` (“${queue.pauseNote}”)`;
      return {
        summary: `Queue ${queue.queue} has been paused for ${spanText(Math.max(view.at - queue.pausedAt, 0))}${note} with ${manyText(queue.states.paused, "task")} waiting.`,
        action: "Resume it when its reason is over.",
        command: `tss queue resume ${queue.queue}`,
        evidence: { waiting: String(queue.states.paused), paused_at: new Date(queue.pausedAt).toISOString() },
        weight: queue.states.paused,
      };
    })(view),
  alert: {
    name: "TssQueuePaused",
    expr: 'sum by (queue) (tss_blocked_tasks{reason="paused"}) > 0',
    summary: "Queue {{ $labels.queue }} is paused with {{ $value }} tasks waiting.",
  },
};
