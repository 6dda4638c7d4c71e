import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type HeldLease,
  type Hello,
  type Welcome,
  WelcomeSchema,
  type WorkerInfo,
} from "../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { newestOfBoth, rangeOf } from "../../proto/worker-protocol.ts";
import { readVersion } from "../../runtime/version.ts";
import { checkLabels, checkResources } from "../kernel/check-spec.ts";
import { toDuration } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import type { WorkStream } from "../operations/operations.ts";
import { adoptHeld, giveBackUnnamed, ordersOf, takeOver } from "./adopt-leases.ts";
import { endSession } from "./announce.ts";
import { closeSession } from "./close-session.ts";
import { deliver } from "./send.ts";
import { joinProfile, leaveProfile, updateReady } from "./serving.ts";
import type { Session } from "./session.ts";
import type { EngineState } from "./state.ts";

const VERSION = readVersion();

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
  // One that went on with an owner before is over: what was given to it is announced under its id.
  const isOver = state.pastSessions.has(hello.sessionId) || (state.shared && hello.again);
  const isNew = CHOSEN_ID.test(hello.sessionId) && !isOver;
  const chosen = isNew ? hello.sessionId : newSessionId();
  const session = resume(state, keyId, hello.sessionId, hello.worker, chosen);
  if (session.stream !== null && session.stream !== stream)
    session.stream.end(
      new TssError("ABORTED", "This session goes on over a newer connection.", { reason: "REPLACED" }),
    );
  session.stream = stream;
  session.polls = false;
  session.stalled = false;
  const welcome = adopt(state, session, hello.held);
  session.credit = Math.min(hello.credit, LIMITS.slots) - countUnsent(session);
  endBefore(state, session, hello.sessionId, hello.held);
  const coordinators = state.coordinators.length > 1 ? state.coordinators : [];
  deliver(state, session, { welcome, drain: session.draining || undefined, coordinators });
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
 * One of several coordinators takes its shards up one after the other, and cannot tell what the worker may still hold of a
 * session that it never had: that one is over.
 */
export function endBefore(state: EngineState, session: Session, before: string, held: readonly HeldLease[]): void {
  if (state.shared && before !== "" && before !== session.id) endSession(state, session, before, held);
}

/**
 * A session of the owner before: what its rows say it was given is held by it again. What the worker then does not name never
 * reached it, and goes back without costing an attempt.
 */
function reviveSession(state: EngineState, keyId: string, info: WorkerInfo, id: string): Session | undefined {
  const number = state.pastSessions.get(id);
  if (number === undefined || state.shared) return undefined;
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
  const { named, ...adoption } = adoptHeld(state, session, held);
  giveBackUnnamed(state, session, named);
  return create(WelcomeSchema, {
    sessionId: session.id,
    heartbeatInterval: toDuration(Math.round(state.config.leaseTtlMs / 3)),
    leaseTtl: toDuration(state.config.leaseTtlMs),
    serverVersion: VERSION,
    protocol: newestOfBoth(rangeOf(session.info)),
    ...adoption,
  });
}

/** Leases on their way into the database: they are sent over the stream that is there then. */
function countUnsent({ held }: Session): number {
  let unsent = 0;
  for (const { attempt } of held) if (attempt?.committed === false) unsent++;
  return unsent;
}

/** The stream is gone; the session waits for the worker to come back until its lease is over. */
export function detachStream(state: EngineState, session: Session, stream: WorkStream): void {
  if (session.stream !== stream) return;
  session.stream = null;
  session.credit = 0;
  updateReady(state, session);
  if (state.planted("bug.lost-at-once")) closeSession(state, session);
}
