import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { type Worker, WorkerSchema, WorkerState } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { deliver } from "../engine/send.ts";
import { updateReady } from "../engine/serving.ts";
import { connectionOf, type Session } from "../engine/session.ts";
import type { EngineState } from "../engine/state.ts";
import { toTimestamp } from "../kernel/time.ts";

/** Workers that hold a session, by name. */
export function listWorkers(state: EngineState): Worker[] {
  return [...state.sessions.values()]
    .map((session) => describeWorker(state, session))
    .sort((a, b) => ((a.info?.name ?? "") < (b.info?.name ?? "") ? -1 : 1));
}

export function describeWorker(state: EngineState, session: Session, withTasks = false): Worker {
  const running = [...session.held].filter((item) => item.state === "running" && item.attempt?.committed);
  return create(WorkerSchema, {
    sessionId: session.id,
    info: session.info,
    state: STATES[connectionOf(session, state.clock.monotonic(), state.config.leaseTtlMs)],
    connectedAt: toTimestamp(session.connectedAt),
    lastSeenAt: toTimestamp(session.lastSeen),
    running: running.length,
    credit: Math.max(session.credit, 0),
    taskIds: withTasks ? running.map((item) => state.ids.encode(item.head)) : [],
  });
}

const STATES = {
  active: WorkerState.ACTIVE,
  draining: WorkerState.DRAINING,
  disconnected: WorkerState.DISCONNECTED,
} as const;

/** @throws TssError NOT_FOUND */
export function findWorker(state: EngineState, id: string): Session {
  const session = state.sessions.get(id);
  if (session !== undefined) return session;
  throw new TssError(
    "NOT_FOUND",
    `There is no worker session ${JSON.stringify(id.slice(0, 40))}; tss worker list shows them.`,
    {
      reason: "SESSION_NOT_FOUND",
    },
  );
}

/** The worker takes nothing more and finishes what it holds. */
export function drainWorker(state: EngineState, id: string): Session {
  const session = findWorker(state, id);
  session.draining = true;
  updateReady(state, session);
  deliver(state, session, { drain: true });
  return session;
}
