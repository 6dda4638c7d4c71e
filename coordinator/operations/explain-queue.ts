import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type ExplainQueueRequest,
  type ExplainQueueResponse,
  ExplainQueueResponseSchema,
} from "../../proto/gen/tss/v1/operator_service_pb.js";
import type { Lane } from "../engine/lanes.ts";
import { serves } from "../engine/profile.ts";
import type { EngineState } from "../engine/state.ts";
import { checkQueueName } from "../kernel/check-spec.ts";
import { lockReason } from "../kernel/explain/lock.ts";
import { explainQueueView } from "../kernel/explain/queue.ts";
import { type Reason, rank } from "../kernel/explain/reason.ts";
import type { LimitFacts } from "../kernel/explain/system.ts";
import { holding, lacking } from "../kernel/explain/workers.ts";
import type { QueueView } from "../kernel/stats/view.ts";
import { Violations } from "../kernel/violations.ts";
import { encodeQueue } from "../stats/encode.ts";
import { keyOf } from "../stats/key.ts";
import type { Stats } from "../stats/start-stats.ts";
import { limitFacts, lockFacts, pauseFacts, workerFacts } from "./explain-facts.ts";
import { encodeReason } from "./explain-task.ts";
import type { Caller } from "./operations.ts";

/** Lanes looked into; alike ones are told together. */
const LANES = 2_000;

/** @throws TssError INVALID_ARGUMENT or NOT_FOUND */
export function findQueue(stats: Stats, name: string): QueueView {
  const found = new Violations();
  checkQueueName(found, "name", name);
  found.check();
  const { sampler, board } = stats;
  const find = () => board.view.queues.find(({ queue }) => queue === name);
  sampler.refresh();
  // One that was named since is not said to be nowhere: for a name that nobody knows, it looks again at any cost.
  if (find() === undefined) sampler.look();
  const view = find();
  if (view !== undefined) return view;
  throw new TssError("NOT_FOUND", `There is no queue ${name}: no task and no setting has named it yet.`, {
    reason: "QUEUE_NOT_FOUND",
  });
}

/**
 * What holds the tasks of a queue back or slows them.
 * @param caller passed on by another coordinator, it is told of tasks that are here alone.
 */
export async function explainQueue(
  state: EngineState,
  stats: Stats,
  { forwarded = false }: Caller,
  { name }: ExplainQueueRequest,
): Promise<ExplainQueueResponse> {
  const queue = findQueue(stats, name);
  const { view, tracks } = stats.board;
  const now = state.clock.now();
  const pause = pauseFacts(state, stats, name, queue.states.paused);
  const types = tracks.types(name).map(({ type }) => type ?? "");
  const { throttled } = queue.states;
  const limit = throttled === 0 ? null : limitOf(state, queue, throttled);
  const waiting = pause === null && limit === null ? await laneReasons(state, queue, now) : [];
  if (forwarded) return create(ExplainQueueResponseSchema, { explanations: waiting.map(encodeReason) });
  const { reasons, summary } = explainQueueView(queue, view, { pause, limit, types, waiting }, now);
  return create(ExplainQueueResponseSchema, {
    summary,
    explanations: rank(reasons).map(encodeReason),
    stats: encodeQueue(queue, tracks.find(keyOf(name, null))?.spark ?? []),
  });
}

/** Of several coordinators, each has its share of the limit; people set the whole. */
function limitOf(state: EngineState, { queue, limit, states }: QueueView, tasks: number): LimitFacts | null {
  return state.shared ? { queue, limit, running: states.running, tasks } : limitFacts(state, queue, tasks);
}

/** Why ready lanes of the queue are not served, the same reasons together and most tasks first. */
async function laneReasons(state: EngineState, queue: QueueView, now: number): Promise<Reason[]> {
  const sessions = [...state.sessions.values()];
  const workers = sessions.map((session) => workerFacts(state, session));
  const told = new Map<string, Reason>();
  let looked = 0;
  for (const lane of [...state.lanes.values()]) {
    const tasks = lane.key.queue === queue.queue ? readyOf(lane) : 0;
    if (tasks === 0) continue;
    if (++looked > LANES) break;
    const asked = { queue: queue.queue, needs: lane.key.needs, tasks };
    const serving = sessions.flatMap((session, place) =>
      serves(session.profile, lane.key) ? [workers[place] as (typeof workers)[number]] : [],
    );
    const drained = queue.drainMs === undefined ? null : now + queue.drainMs;
    const lock = await lockFacts(state, lane);
    const found = lacking(asked, workers) ?? lockReason(lock, tasks, now) ?? holding(asked, serving, drained);
    if (found === null) continue;
    const key = `${found.code}\n${found.message}`;
    const before = told.get(key);
    told.set(key, { ...found, tasks: found.tasks + (before?.tasks ?? 0) });
  }
  return [...told.values()].sort((a, b) => b.tasks - a.tasks);
}

function readyOf(lane: Lane): number {
  let ready = lane.returned.length;
  for (const window of lane.windows()) ready += window.count;
  return ready;
}
