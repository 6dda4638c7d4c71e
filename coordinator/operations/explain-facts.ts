import { AttemptOutcome, type Task, TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import type { Lane } from "../engine/lanes.ts";
import type { Session } from "../engine/session.ts";
import type { EngineState } from "../engine/state.ts";
import type { LimitFacts, PauseFacts } from "../kernel/explain/system.ts";
import type { WaitingTask } from "../kernel/explain/task.ts";
import type { WorkerFacts } from "../kernel/explain/workers.ts";
import { timestampMs } from "../kernel/time.ts";
import type { StoredTask } from "../ports/rows.ts";
import { moodOf } from "../stats/gauges.ts";
import type { Stats } from "../stats/start-stats.ts";

/** What explanations ask of the owner's memory. */

/** Tasks counted ahead of one at most. */
const AHEAD = 10_000;

export function workerFacts(state: EngineState, session: Session): WorkerFacts {
  const { info, profile, held, credit, stalled, used } = session;
  return {
    ...{ name: info.name, mood: moodOf(state, session), slots: info.slots, held: held.size, credit, stalled, used },
    silentMs: Math.max(state.clock.monotonic() - session.seenAt, 0),
    ...{
      commands: profile.commands,
      secrets: profile.secrets,
      confines: profile.confines,
      types: profile.types,
      queues: profile.queues,
    },
    ...{ labels: profile.labels, resources: profile.resources },
  };
}

/** The pause of a queue; who asked for it is known for a day. */
export function pauseFacts(state: EngineState, stats: Stats, queue: string, tasks: number): PauseFacts | null {
  const row = state.queues.get(queue);
  if (!row?.paused) return null;
  const mark = stats.activity
    .marks()
    .findLast(({ action, subject }) => action === "queue.pause" && subject === `queue/${queue}`);
  const by = mark === undefined ? "" : mark.keyName || mark.keyId;
  return { queue, note: row.pauseNote, at: row.pausedAt, by, tasks };
}

/** The limit of a queue, while it holds something back. */
export function limitFacts(state: EngineState, queue: string, tasks: number): LimitFacts | null {
  const room = state.rooms.get(queue);
  return room?.isFull ? { queue, running: room.running, limit: room.share, tasks } : null;
}

/** What keeps the locks of a lane from its next task. */
export async function lockFacts(state: EngineState, lane: Lane): Promise<WaitingTask["lock"]> {
  if (!lane.locks?.isBlocked) return null;
  const { waiting, problem } = lane.locks;
  if (waiting === null) return problem;
  return state.taskLocks.look(waiting.name).then(
    (seen) => ({ ...waiting, ...seen }),
    () => ({ ...waiting, holders: [], waiting: 0 }),
  );
}

/** A waiting task and what surrounds it. */
export function waitingTask(
  state: EngineState,
  stats: Stats,
  stored: StoredTask,
  task: Task,
  lane: Lane,
  lock: WaitingTask["lock"],
  serves: (session: Session) => boolean,
): WaitingTask {
  const workers = [...state.sessions.values()];
  const due = task.nextAttemptAt ?? task.runAt;
  return {
    id: task.id,
    asked: { queue: lane.key.queue, needs: lane.key.needs, tasks: 0 },
    reason: task.attempt > 0 && task.reason === TaskReason.SCHEDULED ? TaskReason.RETRYING : task.reason,
    dueAt: due === undefined ? 0 : timestampMs(due),
    ...{ attempts: task.attempt, maxAttempts: task.maxAttempts },
    lost: task.attempts.filter(({ reason, outcome }) => reason === TaskReason.LOST && outcome === AttemptOutcome.FAILED)
      .length,
    lastError: lastErrorOf(task),
    pause: pauseFacts(state, stats, lane.key.queue, 0),
    limit: limitFacts(state, lane.key.queue, 0),
    lock,
    ...aheadOf(state, stored, lane),
    workers: workers.map((session) => workerFacts(state, session)),
    serving: workers.filter(serves).map((session) => workerFacts(state, session)),
  };
}

function lastErrorOf(task: Task): string {
  const last = task.attempts.findLast(({ outcome }) => outcome === AttemptOutcome.FAILED);
  if (last === undefined) return "";
  if (last.error?.message) return last.error.message;
  return last.exitCode === undefined ? (TaskReason[last.reason] ?? "").toLowerCase() : `exit code ${last.exitCode}`;
}

/** Ready tasks of its queue that go before it, as far as they are in memory. */
function aheadOf(
  state: EngineState,
  { task }: StoredTask,
  own: Lane,
): Pick<WaitingTask, "higher" | "earlier" | "turns"> {
  let higher: number | null = 0;
  const keys = new Set<string>();
  let earlier: number | null = 0;
  for (const lane of state.lanes.values()) {
    if (lane.key.queue !== own.key.queue || lane.servedBy === 0 || !lane.hasHead) continue;
    if (lane.key.priority > own.key.priority && higher !== null) higher = add(higher, readyIn(lane));
    if (lane.key.priority !== own.key.priority) continue;
    if (lane.key.fairness !== own.key.fairness) keys.add(lane.key.fairness);
    else if (earlier !== null) earlier = add(earlier, olderIn(lane, task));
  }
  return { higher, earlier, turns: keys.size };
}

function add(sum: number, more: number | null): number | null {
  return more === null || sum + more > AHEAD ? null : sum + more;
}

/** Null: part of them is only in the store. */
function readyIn(lane: Lane): number | null {
  let ready = lane.returned.length;
  for (const window of lane.windows()) {
    if (window.paged) return null;
    ready += window.count;
  }
  return ready;
}

/** Ready tasks of a lane that were created before; null: its place is beyond what is in memory. */
function olderIn(lane: Lane, { shard, seq, createdAt }: StoredTask["task"]): number | null {
  let older = lane.returned.filter((item) => item.head.createdAt < createdAt).length;
  for (const window of lane.windows()) {
    let beyond = window.paged;
    for (const head of window.heads()) {
      const before = window.shard === shard ? head.seq < seq : head.createdAt < createdAt;
      if (!before) {
        beyond = false;
        break;
      }
      older++;
      if (older > AHEAD) return null;
    }
    if (beyond) return null;
  }
  return older;
}
