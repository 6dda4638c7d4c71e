import type { Status } from "../evidence/types.ts";
import { callsOf, type Facts, isOver } from "./facts.ts";

/** Rules about how tasks move and end. */

/** Everything that was accepted has ended. */
export function* unended({ wanted, byId }: Facts): Generator<string> {
  for (const id of wanted.keys()) {
    const task = byId.get(id);
    if (task !== undefined && !isOver(task.status)) yield `task ${id} is still ${task.status} (${task.reason})`;
  }
}

/** Everybody who watched saw one end, which is the one that stands. */
export function* twoEnds({ sights, byId }: Facts): Generator<string> {
  for (const [who, seen] of Map.groupBy(sights, ({ watcher, id }) => `${watcher} ${id}`)) {
    const ends = new Set(seen.filter(({ status }) => isOver(status)).map(({ status }) => status));
    const id = seen[0]?.id as string;
    const stands = byId.get(id)?.status;
    if (ends.size > 1) yield `${who} saw the ends ${[...ends].join(", ")}`;
    for (const end of ends) if (stands !== undefined && end !== stands) yield `${who} saw ${end}, and it is ${stands}`;
  }
}

const REASONS: Readonly<Record<Status, readonly string[]>> = {
  waiting: ["ready", "scheduled", "retrying", "paused", "throttled"],
  running: ["executing", "cancelling", "disconnected"],
  succeeded: ["unspecified"],
  failed: [
    "exit_code",
    "signal",
    "timed_out",
    "heartbeat",
    "lost",
    "expired",
    "rejected",
    "spawn_error",
    "out_of_memory",
    "handler_error",
    "result_too_large",
  ],
  cancelled: ["aborted"],
};

/** Every state that anybody saw is one of the published machine, within the task's limits, and the attempts go up. */
export function* illegal({ sights, calls, final, wanted }: Facts): Generator<string> {
  const answers = [...callsOf(calls, "get"), ...callsOf(calls, "cancel")].flatMap(({ id, answer }) =>
    answer === undefined ? [] : [{ id, ...answer }],
  );
  for (const { id, status, reason, attempt } of [...sights, ...answers, ...final]) {
    if (!REASONS[status].includes(reason)) yield `task ${id} was ${status} with reason ${reason}`;
    const limit = wanted.get(id)?.maxAttempts ?? Number.POSITIVE_INFINITY;
    if (attempt > limit) yield `task ${id} was in attempt ${attempt} of ${limit}`;
    if (status === "running" && attempt === 0) yield `task ${id} was running in no attempt`;
  }
}

/** Who asks after somebody saw the end sees that end. */
export function* reopened({ sights, calls }: Facts): Generator<string> {
  const answers = [...callsOf(calls, "get"), ...callsOf(calls, "cancel")].flatMap((call) =>
    call.answer === undefined ? [] : [{ id: call.id, from: call.began, to: call.ended, status: call.answer.status }],
  );
  const ends = new Map<string, { status: Status; at: number }>();
  const observed = [...answers, ...sights.map(({ id, t, status }) => ({ id, from: t, to: t, status }))];
  for (const { id, to, status } of observed) {
    const known = ends.get(id);
    if (isOver(status) && (known === undefined || to < known.at)) ends.set(id, { status, at: to });
  }
  for (const { id, from, status } of answers) {
    const end = ends.get(id);
    if (end !== undefined && from > end.at && status !== end.status)
      yield `task ${id} had been seen ${end.status}, and was ${status} to who asked later`;
  }
}
