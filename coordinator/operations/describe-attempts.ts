import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type Attempt,
  AttemptOutcome,
  AttemptSchema,
  TaskMessageSchema,
  TaskReason,
} from "../../proto/gen/tss/v1/task_pb.js";
import type { Item } from "../engine/item.ts";
import { unpackLocks } from "../kernel/task-lock.ts";
import { toTimestamp } from "../kernel/time.ts";
import { EVENT, type EventRow, type StoredTask } from "../ports/rows.ts";

/** The attempts of a task, oldest first: each begins with a lease, and ends with an event or with the task's end. */
export function describeAttempts({ events, end, sessions }: StoredTask, item: Item | undefined): Attempt[] {
  const attempts: Attempt[] = [];
  let current: Attempt | null = null;
  for (const event of events) {
    if (event.kind === EVENT.leased) {
      current = begin(
        event,
        sessions.find(({ session }) => session === event.session),
      );
      attempts.push(current);
    } else if (current !== null && event.kind === EVENT.retrying) {
      finish(current, event.detail, event.at);
      current = null;
    } else if (current !== null && event.kind === EVENT.released) {
      finish(current, event.detail, event.at);
      current.outcome = AttemptOutcome.RELEASED;
      current = null;
    }
  }
  if (current !== null && end !== null && end.status !== 0) {
    finish(current, end.detail, end.at);
    // A cancel or expiry that reached the store before any report says it all.
    if (current.outcome === AttemptOutcome.UNSPECIFIED) {
      current.outcome = AttemptOutcome.CANCELLED;
      current.reason = end.reason as TaskReason;
    }
  }
  if (current !== null && item?.attempt != null && item.token === Number(current.fencingToken)) addLive(current, item);
  return attempts;
}

function begin(event: EventRow, session: { id: string; workerName: string } | undefined): Attempt {
  return create(AttemptSchema, {
    number: event.attempt,
    sessionId: session?.id ?? "",
    workerName: session?.workerName ?? "",
    fencingToken: BigInt(event.ord),
    leasedAt: toTimestamp(event.at),
    locks: unpackLocks(event.detail).map(({ name, token }) => ({ name, token: BigInt(token) })),
  });
}

/** What was known when it ended, on top of what the lease said. */
function finish(attempt: Attempt, detail: Uint8Array | null, at: number): void {
  if (detail !== null) {
    const known = fromBinary(AttemptSchema, detail);
    const { sessionId, workerName, fencingToken, leasedAt, number, locks } = attempt;
    Object.assign(attempt, known, { sessionId, workerName, fencingToken, leasedAt, number, locks });
  }
  attempt.endedAt ??= toTimestamp(at);
}

function addLive(attempt: Attempt, item: Item): void {
  const live = item.attempt;
  if (live === null) return;
  attempt.startedAt = toTimestamp(live.startedAt);
  if (live.progress !== null) attempt.progress = live.progress;
  attempt.messages = live.messages.map(({ at, text }) =>
    create(TaskMessageSchema, { at: toTimestamp(at), text, attempt: attempt.number }),
  );
  if (item.cancelRequestedAt > 0) attempt.reason = TaskReason.UNSPECIFIED;
}
