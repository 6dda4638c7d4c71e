import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { TaskReason } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type HeldLease,
  HeldLeaseSchema,
  type Hello,
  type Welcome,
  WelcomeSchema,
  type WorkerInfo,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { checkLabels, checkResources } from "../kernel/check-spec.ts";
import { toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { WorkAnswer, WorkStream } from "../operations/operations.ts";
import type { Item } from "./item.ts";
import { hold, letGo } from "./lease.ts";
import { loseAttempt } from "./lose.ts";
import { deliver, giveBack } from "./send.ts";
import { joinProfile, leaveProfile, updateReady } from "./serving.ts";
import type { Session } from "./session.ts";
import { type EngineState, itemAt } from "./state.ts";
import { orderEnd, watchAttempt } from "./watch-attempt.ts";

/** @throws TssError INVALID_ARGUMENT when what a worker says of itself is beyond the limits. */
export function checkWorkerInfo(info: WorkerInfo | undefined): asserts info is WorkerInfo {
  const found = new Violations();
  if (info === undefined) {
    found.add("worker", "must be given: who is this worker?");
    return found.check();
  }
  found.line("worker.name", info.name, 1, LIMITS.nameCharacters);
  found.number("worker.slots", info.slots, 1, LIMITS.slots);
  found.count("worker.queues", info.queues.length, 0, 1_000);
  found.count("worker.types", info.types.length, 0, 1_000);
  for (const queue of info.queues)
    if (!LIMITS.queueName.test(queue))
      found.add("worker.queues", `has ${JSON.stringify(queue)}, which is no queue name`);
  for (const type of info.types) found.line("worker.types", type, 1, LIMITS.typeCharacters);
  checkLabels(found, "worker.labels", info.labels);
  checkResources(found, "worker.resources", info.resources);
  if (!info.commands && info.types.length === 0)
    found.add("worker.types", "must name a handler, or commands must be true");
  found.check();
}

export function openSession(state: EngineState, keyId: string, info: WorkerInfo, id: string, number?: number): Session {
  const session: Session = {
    id,
    number: number ?? numberOf(id),
    keyId,
    info,
    profile: joinProfile(state, info),
    stream: null,
    polls: false,
    stalled: false,
    credit: 0,
    held: new Set(),
    used: new Map(),
    draining: false,
    recordedIn: 0,
    connectedAt: state.clock.now(),
    seenAt: state.clock.monotonic(),
    lastSeen: state.clock.now(),
  };
  state.sessions.set(id, session);
  return session;
}

export function newSessionId(): string {
  return `w_${randomBytes(15).toString("base64url")}`;
}

/** Of an id that a worker may choose: it must be as hard to guess as ours. */
const CHOSEN_ID = /^w_[A-Za-z0-9_-]{20,64}$/;

/** The same for the same id, so that a session that begins anew under it goes on with its number. */
function numberOf(id: string): number {
  return createHash("sha256").update(id).digest().readUIntBE(0, 6);
}

/** A worker has opened its stream: a new session, or the one it had, with what it holds. */
export function attachStream(state: EngineState, keyId: string, hello: Hello, stream: WorkStream): Session {
  checkWorkerInfo(hello.worker);
  // A worker that chose its id is known by it even if it never heard our welcome, and with it what was given to it since.
  const chosen = CHOSEN_ID.test(hello.sessionId) ? hello.sessionId : newSessionId();
  const session = resume(state, keyId, hello.sessionId, hello.worker, chosen);
  if (session.stream !== null && session.stream !== stream)
    session.stream.end(
      new TssError("ABORTED", "This session goes on over a newer connection.", { reason: "REPLACED" }),
    );
  session.stream = stream;
  session.polls = false;
  session.stalled = false;
  session.credit = Math.min(hello.credit, LIMITS.slots);
  const welcome = adopt(state, session, hello.held);
  deliver(state, session, { welcome, drain: session.draining || undefined });
  const orders = ordersOf(state, session);
  if (orders.length > 0) deliver(state, session, { cancels: orders });
  updateReady(state, session);
  return session;
}

/** @param otherwise the id of the new session when there is none to go on with. */
export function resume(
  state: EngineState,
  keyId: string,
  id: string,
  info: WorkerInfo,
  otherwise = newSessionId(),
): Session {
  const known = id === "" ? undefined : (state.sessions.get(id) ?? reviveSession(state, keyId, info, id));
  if (known === undefined) return openSession(state, keyId, info, otherwise);
  if (known.keyId !== keyId) return openSession(state, keyId, info, newSessionId());
  const before = known.profile;
  known.info = info;
  known.profile = joinProfile(state, info);
  leaveProfile(state, before);
  touch(state, known);
  return known;
}

/**
 * A session of the owner before: what its rows say it was given is held by it again. What the worker then does not name never
 * reached it, and goes back without costing an attempt.
 */
function reviveSession(state: EngineState, keyId: string, info: WorkerInfo, id: string): Session | undefined {
  const number = state.pastSessions.get(id);
  if (number === undefined) return undefined;
  state.pastSessions.delete(id);
  const session = openSession(state, keyId, info, id, number);
  for (const item of state.items.values())
    if (item.state === "running" && item.attempt?.session === null && item.attempt.sessionNumber === number)
      takeOver(state, session, item);
  return session;
}

export function touch(state: EngineState, session: Session): void {
  session.seenAt = state.clock.monotonic();
  session.lastSeen = state.clock.now();
}

/**
 * What the worker says it holds goes on if its token is the current one; the rest is fenced. What the session was given and
 * the worker does not name never reached it and goes back.
 */
export function adopt(state: EngineState, session: Session, held: readonly HeldLease[]): Welcome {
  const adopted: HeldLease[] = [];
  const refused: HeldLease[] = [];
  const named = new Set<Item>();
  for (const lease of held) {
    const item = currentItem(state, lease);
    if (item === null) {
      refused.push(create(HeldLeaseSchema, { id: lease.id, fencingToken: lease.fencingToken }));
      continue;
    }
    named.add(item);
    adopted.push(create(HeldLeaseSchema, { id: lease.id, fencingToken: lease.fencingToken }));
    takeOver(state, session, item);
  }
  for (const item of [...session.held]) {
    if (named.has(item) || item.state !== "running" || item.attempt?.committed !== true) continue;
    giveBack(state, item);
  }
  return create(WelcomeSchema, {
    sessionId: session.id,
    heartbeatInterval: toDuration(Math.round(state.config.leaseTtlMs / 3)),
    leaseTtl: toDuration(state.config.leaseTtlMs),
    serverVersion: "5",
    adopted,
    refused,
  });
}

function currentItem(state: EngineState, lease: HeldLease): Item | null {
  const ref = state.ids.decode(lease.id);
  const item = ref === null ? undefined : itemAt(state, ref);
  if (item === undefined || item.token !== Number(lease.fencingToken)) return null;
  return item.state === "running" && item.attempt?.committed === true ? item : null;
}

function takeOver(state: EngineState, session: Session, item: Item): void {
  const attempt = item.attempt;
  if (attempt === null || attempt.session === session) return;
  if (attempt.session !== null) letGo(attempt.session, item);
  if (item.timer !== null) state.wheel.cancel(item.timer);
  item.timer = null;
  item.attempt = { ...attempt, session };
  hold(session, item);
  watchAttempt(state, item);
}

/**
 * What attempts of the session were told and have not done yet: a lost connection may have swallowed it. Cancels of the
 * owner before are ordered anew, over the stream that the session has.
 */
export function ordersOf(state: EngineState, session: Session): NonNullable<WorkAnswer["cancels"]> {
  const orders: NonNullable<WorkAnswer["cancels"]>[number][] = [];
  for (const item of session.held) {
    const { attempt } = item;
    if (item.state !== "running" || attempt?.committed !== true) continue;
    if (attempt.ordered !== 0)
      orders.push({ id: state.ids.encode(item.head), token: item.token, reason: attempt.ordered });
    else if (item.cancelRequestedAt > 0) orderEnd(state, item, TaskReason.ABORTED);
  }
  return orders;
}

/** The stream is gone; the session waits for the worker to come back until its lease is over. */
export function detachStream(state: EngineState, session: Session, stream: WorkStream): void {
  if (session.stream !== stream) return;
  session.stream = null;
  session.credit = 0;
  updateReady(state, session);
}

/** The session is over: what it held is lost. A session that is over already stays so. */
export function closeSession(state: EngineState, session: Session): void {
  if (state.sessions.get(session.id) !== session) return;
  state.sessions.delete(session.id);
  const { stream } = session;
  // Nothing is leased to it any more, whatever it gives back below.
  session.stream = null;
  updateReady(state, session);
  for (const item of [...session.held]) {
    // A lease that was never sent costs nothing.
    if (item.attempt?.committed === false) giveBack(state, item);
    else loseAttempt(state, item);
  }
  leaveProfile(state, session.profile);
  stream?.end(
    new TssError("ABORTED", "The coordinator heard nothing of this worker for too long.", { reason: "SESSION_LOST" }),
  );
}
