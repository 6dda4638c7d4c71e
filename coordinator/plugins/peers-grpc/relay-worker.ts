import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PayloadSchema, TaskReason, TaskSpecSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import {
  type HeldLease,
  type OutcomeReport,
  OutcomeReportSchema,
  WelcomeSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { newestOfBoth, rangeOf } from "../../../proto/worker-protocol.ts";
import { readVersion } from "../../../runtime/version.ts";
import type { HomelessAnnouncement } from "../../../sdk/typescript/worker/lease-places.ts";
import type { WorkSessionHooks } from "../../../sdk/typescript/worker/open-work-session.ts";
import type { ReceivedLease } from "../../../sdk/typescript/worker/received-lease.ts";
import type { OpenWorkSession, WorkSession } from "../../../sdk/typescript/worker/work-session-types.ts";
import type { AttemptReport } from "../../kernel/attempt-report.ts";
import { timestampMs, toDuration, toTimestamp } from "../../kernel/time.ts";
import type { WorkAnswer, WorkAttachment, WorkerMessage, WorkStream } from "../../operations/operations.ts";
import { isBeat } from "../../operations/worker-session.ts";

const VERSION = readVersion();

/** The end of a worker's sessions that looks like a worker to every coordinator. */
export type OpenRelay = (hooks: WorkSessionHooks, before: HomelessAnnouncement | undefined) => OpenWorkSession;

/**
 * Carries a worker that holds a single stream to every coordinator: what they say goes to it, what it says goes to whom it
 * concerns. A report that cannot be delivered is kept until somebody has taken its attempt up. When the stream breaks, all
 * ends; the worker comes back with what it holds, here or elsewhere.
 */
export function relayWorker(openRelay: OpenRelay, first: WorkerMessage, stream: WorkStream): WorkAttachment {
  const { worker, sessionId = "", held = [] } = first.hello ?? {};
  const leases = new Map<string, Pick<HeldLease, "id" | "fencingToken">>();
  for (const lease of held) leases.set(keyOf(lease.id, lease.fencingToken), lease);
  /** Not acknowledged yet. */
  const outcomes = new Map<string, OutcomeReport>();
  /** What is to follow the welcome; null: it was said. */
  let early: WorkAnswer[] | null = [];
  let termMs = 0;
  const say = (answer: WorkAnswer) => {
    if (early === null) stream.send(answer);
    else early.push(answer);
  };
  const forget = (id: string, token: bigint | number) => {
    leases.delete(keyOf(id, token));
    outcomes.delete(keyOf(id, token));
  };
  const welcome = () => {
    if (early === null) return;
    const waiting = early;
    early = null;
    const [heartbeatInterval, leaseTtl] = [toDuration(Math.round(termMs / 3)), toDuration(termMs)];
    // Of what it holds nothing is refused yet: each coordinator says so of what is its own.
    const adopted = held.map(({ id, fencingToken }) => ({ id, fencingToken }));
    const own = {
      sessionId: sessionId || session.sessionId(),
      heartbeatInterval,
      leaseTtl,
      serverVersion: VERSION,
      protocol: newestOfBoth(rangeOf(worker ?? {})),
      adopted,
    };
    stream.send({ welcome: create(WelcomeSchema, own) });
    for (const answer of waiting) stream.send(answer);
  };
  const hooks: WorkSessionHooks = {
    onDisconnected: (error, final) => final && stream.end(error),
  };
  const before = sessionId === "" && held.length === 0 ? undefined : { sessionId, held };
  const session: WorkSession = openRelay(
    hooks,
    before,
  )({
    worker: worker ?? {},
    held: () => [...leases.values()],
    events: {
      onConnected(leaseTtlMs) {
        termMs = leaseTtlMs;
        welcome();
        for (const outcome of outcomes.values()) session.outcome(outcome);
      },
      onLease(lease) {
        leases.set(keyOf(lease.id, lease.fencingToken), { id: lease.id, fencingToken: lease.fencingToken });
        say({ leases: [grantOf(lease)] });
      },
      onCancel({ id, fencingToken, reason }) {
        if (reason === TaskReason.LOST) forget(id, fencingToken);
        say({ cancels: [{ id, token: Number(fencingToken), reason }] });
      },
      onLogAck: ({ id, fencingToken, offset, full }) =>
        say({ logAcks: [{ id, token: Number(fencingToken), offset: Number(offset), full }] }),
      onOutcomeAck({ id, token, accepted }) {
        // One that was sent to a second coordinator meanwhile is answered twice.
        if (!outcomes.has(keyOf(id, token))) return;
        forget(id, token);
        say({ outcomeAcks: [{ id, token, accepted }] });
      },
      onDrain: () => say({ drain: true }),
    },
  });

  function receive(message: WorkerMessage): void {
    // What the worker holds is alive as long as it is heard of where it comes from.
    if (isBeat(message)) {
      if (performance.now() - session.heardAt() < termMs) say({ heard: true });
      return;
    }
    for (const log of message.logs) session.log(log);
    for (const { id, token, startedAt } of message.starts)
      session.started({ id, fencingToken: BigInt(token), startedAt: toTimestamp(startedAt) });
    for (const progress of message.progress) session.progress(progress);
    for (const report of message.outcomes) {
      const outcome = outcomeOf(report);
      outcomes.set(keyOf(report.id, report.token), outcome);
      session.outcome(outcome);
    }
    const credit = message.credit + (message.hello?.credit ?? 0);
    if (message.draining) session.drain();
    else if (credit > 0) session.credit(credit);
  }
  receive(first);
  return {
    receive,
    closed: () => void session.close(),
  };
}

function keyOf(id: string, token: bigint | number): string {
  return `${id}.${token}`;
}

function grantOf(lease: ReceivedLease) {
  const { id, token, attempt, maxAttempts, spec, createdAt, timeoutMs = 0, cancelGraceMs, heartbeatMs, locks } = lease;
  return {
    id,
    token,
    attempt,
    maxAttempts,
    spec: spec === undefined ? new Uint8Array() : toBinary(TaskSpecSchema, spec),
    timeoutMs,
    createdAt: createdAt === undefined ? 0 : timestampMs(createdAt),
    ...(cancelGraceMs === undefined ? {} : { cancelGraceMs }),
    ...(heartbeatMs === undefined ? {} : { heartbeatTimeoutMs: heartbeatMs }),
    ...(locks.length === 0 ? {} : { locks: locks.map(({ name, token: lock }) => ({ name, token: Number(lock) })) }),
  };
}

function outcomeOf(report: AttemptReport): OutcomeReport {
  const { token, result, startedAt, endedAt, outputBytes, retryAfterMs, ...rest } = report;
  return create(OutcomeReportSchema, {
    ...rest,
    fencingToken: BigInt(token),
    result: result === null ? undefined : fromBinary(PayloadSchema, result),
    startedAt: toTimestamp(startedAt),
    endedAt: toTimestamp(endedAt),
    outputBytes: BigInt(outputBytes),
    retryAfter: retryAfterMs === undefined ? undefined : toDuration(retryAfterMs),
  });
}
