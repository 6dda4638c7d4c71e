import { THRESHOLDS as T } from "../problems/rule.ts";
import type { QueueView, SlowerView, SystemView } from "../stats/view.ts";
import { manyText, shareText, spanText } from "../words.ts";
import { type Reason, reason, seconds, time } from "./reason.ts";

/** Reasons that lie in the system or the queue as a whole: the same words for a task, a queue and a problem. */

export function storeAway({ storeProblem, storeAwayMs }: SystemView): Reason | null {
  if (storeProblem === "") return null;
  return reason({
    code: "store_down",
    blocking: true,
    message: `The database cannot be written${storeAwayMs > 0 ? ` for ${spanText(storeAwayMs)}` : ""}: nothing starts or ends until it is back.`,
    action: "Bring the database back; tss doctor says what is wrong with it.",
    command: "tss doctor",
    evidence: { away_seconds: seconds(storeAwayMs), error: storeProblem },
  });
}

export function storeSlow({ store: { p99Ms = 0, count } }: SystemView): Reason | null {
  if (count < T.storeSlowFlushes || p99Ms <= T.storeSlowP99Seconds * 1_000) return null;
  return reason({
    code: "store_slow",
    message: `Commits are slow (one in a hundred takes ${spanText(p99Ms)} or more): every start and end waits for one.`,
    action: "Look at the database's disk, locks and long transactions.",
    command: "tss doctor",
    evidence: { p99_seconds: seconds(p99Ms) },
  });
}

export interface PauseFacts {
  readonly queue: string;
  readonly note: string;
  readonly at: number;
  /** Who paused it; "": not known any more. */
  readonly by: string;
  readonly tasks: number;
}

export function paused({ queue, note, at, by, tasks }: PauseFacts, now: number): Reason {
  const since = at === 0 ? "" : ` for ${spanText(Math.max(now - at, 0))}`;
  return reason({
    code: "queue_paused",
    blocking: true,
    tasks,
    message: `Queue ${queue} is paused${since}${by === "" ? "" : ` by ${by}`}${note === "" ? "" : `: ${note}`}.`,
    action: `Resume it: tss queue resume ${queue}`,
    command: `tss queue resume ${queue}`,
    evidence: {
      queue,
      ...(at === 0 ? {} : { paused_at: time(at) }),
      ...(note === "" ? {} : { note }),
      ...(by === "" ? {} : { paused_by: by }),
    },
  });
}

/** Its limit: attempts that run and may run. */
export interface LimitFacts {
  readonly queue: string;
  readonly running: number;
  readonly limit: number;
  readonly tasks: number;
}

/** @param expectedAt when a place is expected to be free for what is asked about; null: unknown. */
export function throttled({ queue, running, limit, tasks }: LimitFacts, expectedAt: number | null): Reason {
  return reason({
    code: "queue_limit",
    ...{ blocking: true, tasks, expectedAt },
    message: `Queue ${queue} runs as many of its tasks as it may (${running} of ${limit}).`,
    action: "Wait, or raise the limit.",
    command: `tss queue limit ${queue} ${limit + 1}`,
    evidence: { queue, running: String(running), limit: String(limit) },
  });
}

export function slowHandler(slower: readonly SlowerView[], type: string): Reason | null {
  const found = slower.find((one) => one.type === type);
  if (found === undefined) return null;
  const { p95Ms, baselineP95Ms, version } = found;
  return reason({
    code: "slow_handler",
    message: `${type === "" ? "Commands run" : `Handler ${type} runs`} longer than ${type === "" ? "they" : "it"} used to (p95 ${spanText(p95Ms)}, was ${spanText(baselineP95Ms)})${version === "" ? "" : ` since version ${version}`}: slots are free more seldom.`,
    action: "Compare the versions, and what they call.",
    evidence: {
      ...{ type, p95_seconds: seconds(p95Ms), baseline_p95_seconds: seconds(baselineP95Ms) },
      ...(version === "" ? {} : { version }),
    },
  });
}

export function retryStorm({ queue, flow5: { started, retried } }: QueueView): Reason | null {
  const share = retried / Math.max(started + retried, 1);
  if (retried < T.retryStarts || share <= T.retryShare) return null;
  return reason({
    code: "retry_storm",
    message: `${shareText(share)} of the attempts of queue ${queue} are retries: failing tasks take the slots.`,
    action: "Look at what fails; give its tasks a longer retry interval, or pause the queue.",
    command: `tss task list --queue ${queue} --status failed`,
    evidence: { queue, retried: String(retried), started: String(started) },
  });
}

export function failing({ queue, ended10, failed10 }: QueueView): Reason | null {
  const share = failed10 / Math.max(ended10, 1);
  if (ended10 < T.failureEnds || share <= T.failureShare) return null;
  return reason({
    code: "failing",
    message: `${shareText(share)} of the tasks that ended in the last 10 min have failed (${failed10} of ${ended10}).`,
    action: "Look at the failure groups; a group that is new or came with a new version tells most.",
    command: `tss task list --queue ${queue} --status failed`,
    evidence: { queue, failed: String(failed10), ended: String(ended10) },
  });
}

export function attemptsLost({ queue, flow5: { attemptsLost: lost } }: QueueView): Reason | null {
  if (lost < T.lostAttempts) return null;
  return reason({
    code: "workers_lost",
    message: `${manyText(lost, "attempt")} ${lost === 1 ? "was" : "were"} lost with their workers in the last 5 min; each starts again after a lease term.`,
    action: "See why workers vanish: out of memory, killed, cut off.",
    command: "tss worker list",
    evidence: { queue, lost: String(lost) },
  });
}
