import { fromBinary } from "@bufbuild/protobuf";
import { AttemptSchema, type Task, TaskReason, TaskSpecSchema, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import type { ListTasksRequest } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Item } from "../engine/item.ts";
import { hasValue, readWanted, type Wanted } from "../kernel/search/json-search.ts";
import { waitedMs } from "../kernel/search/waited.ts";
import { durationMs, timestampMs } from "../kernel/time.ts";
import type { StoredTask } from "../ports/rows.ts";
import { fingerprintOfTask } from "../stats/task-failure.ts";
import { describeAttempts } from "./describe-attempts.ts";

/** What no store decides by its rows alone: each task is described, and compared. */
export interface Comparison {
  /** Lists leave out events: the first start of several attempts is in them, and who had the newest. */
  needsEvents(stored: StoredTask): boolean;
  /** Bytes of payloads that it has read. */
  readonly bytesRead: number;
  /** @param stored with its events where it needs them. */
  fits(task: Task, stored: StoredTask): boolean;
}

/** Null: the rows of the store say it all. @param now ms. */
export function comparisonOf(
  request: ListTasksRequest,
  now: number,
  itemOf: (stored: StoredTask) => Item | undefined,
): Comparison | null {
  if (!needsComparison(request)) return null;
  const { failure, waitedOver, waitedUnder, measuredUntil } = request;
  const over = waitedOver === undefined ? null : durationMs(waitedOver);
  const under = waitedUnder === undefined ? null : durationMs(waitedUnder);
  const ranOver = request.ranOver === undefined ? null : durationMs(request.ranOver);
  const ranUnder = request.ranUnder === undefined ? null : durationMs(request.ranUnder);
  const { worker, notWorker, attemptsMin, attemptsMax } = request;
  const ofAttempt = ranOver !== null || ranUnder !== null || worker.length > 0 || notWorker.length > 0;
  const until = measuredUntil === undefined ? now : timestampMs(measuredUntil);
  const error = request.error.map((text) => text.toLowerCase());
  const notError = request.notError.map((text) => text.toLowerCase());
  const [args, notArgs] = [wantedOf(request.args), wantedOf(request.notArgs)];
  let bytesRead = 0;

  function fitsFailure(task: Task, detail: Uint8Array | null | undefined): boolean {
    if (failure === "" && request.notFailure.length === 0) return true;
    const fingerprint = fingerprintOfTask(task, detail);
    return (failure === "" || failure === fingerprint) && !request.notFailure.includes(fingerprint ?? "");
  }

  function fitsError(task: Task, detail: Uint8Array | null | undefined): boolean {
    if (error.length === 0 && notError.length === 0) return true;
    const text = errorText(task, detail);
    return error.every((part) => text.includes(part)) && !notError.some((part) => text.includes(part));
  }

  function fitsWait(task: Task): boolean {
    if (over === null && under === null) return true;
    const at = (time: Task["createdAt"]) => (time === undefined ? 0 : timestampMs(time));
    const { createdAt, runAt, startedAt, endedAt } = task;
    const waited = waitedMs(
      { createdAt: at(createdAt), runAt: at(runAt), startedAt: at(startedAt), endedAt: at(endedAt) },
      until,
    );
    return (over === null || waited > over) && (under === null || waited < under);
  }

  function fitsAttempt({ attempt }: Task, stored: StoredTask): boolean {
    if (attempt < attemptsMin || (attemptsMax > 0 && attempt > attemptsMax)) return false;
    if (!ofAttempt) return true;
    const last = describeAttempts(stored, itemOf(stored)).at(-1);
    const name = last?.workerName ?? "";
    if ((worker.length > 0 && !worker.includes(name)) || notWorker.includes(name)) return false;
    if (ranOver === null && ranUnder === null) return true;
    const from = last?.startedAt ?? last?.leasedAt;
    if (from === undefined) return false;
    const over = last?.endedAt === undefined ? until : Math.min(timestampMs(last.endedAt), until);
    const ran = Math.max(over - timestampMs(from), 0);
    return (ranOver === null || ran > ranOver) && (ranUnder === null || ran < ranUnder);
  }

  function fitsArgs({ task }: StoredTask): boolean {
    if (args.length === 0 && notArgs.length === 0) return true;
    bytesRead += task.spec.length;
    const json = readJson(task.spec);
    if (json === undefined) return args.length === 0;
    return args.every((one) => hasValue(json, one)) && !notArgs.some((one) => hasValue(json, one));
  }

  return {
    needsEvents: ({ end }) => ofAttempt || ((over !== null || under !== null) && (end === null || end.attempt > 1)),
    get bytesRead() {
      return bytesRead;
    },
    fits: (task, stored) =>
      fitsFailure(task, stored.end?.detail) &&
      fitsError(task, stored.end?.detail) &&
      fitsWait(task) &&
      fitsAttempt(task, stored) &&
      fitsArgs(stored),
  };
}

export function needsComparison(request: ListTasksRequest): boolean {
  const { failure, error, args, waitedOver, waitedUnder, notFailure, notError, notArgs } = request;
  const { worker, notWorker, ranOver, ranUnder, attemptsMin, attemptsMax } = request;
  const lists = [failure, error, args, notFailure, notError, notArgs, worker, notWorker];
  const spans = [waitedOver, waitedUnder, ranOver, ranUnder];
  return (
    lists.some(({ length }) => length > 0) || spans.some((span) => span !== undefined) || attemptsMin + attemptsMax > 0
  );
}

function wantedOf(terms: readonly string[]): Wanted[] {
  return terms.flatMap((term) => readWanted(term) ?? []);
}

/** All that a failed task says of how it failed, in small letters; of any other nothing. */
function errorText({ status, reason, error, exitCode }: Task, detail: Uint8Array | null | undefined): string {
  if (status !== TaskStatus.FAILED) return "";
  const signal = detail == null ? "" : fromBinary(AttemptSchema, detail).signal;
  const words = (TaskReason[reason] ?? "").replaceAll("_", " ");
  const exit = exitCode === undefined ? "" : `exit code ${exitCode}`;
  return [`${error?.type ?? ""}: ${error?.message ?? ""}`, exit, signal, words].join("\n").toLowerCase();
}

/** The payload as the client meant it; undefined: it is no JSON that can be read here. */
function readJson(spec: Uint8Array): unknown {
  const { payload } = fromBinary(TaskSpecSchema, spec);
  if (payload === undefined || payload.encodings.length > 0) return undefined;
  const [type = ""] = payload.contentType.toLowerCase().split(";");
  if (!/^(|application\/json|[^/]+\/.+\+json)$/.test(type.trim())) return undefined;
  try {
    return JSON.parse(Buffer.from(payload.data).toString("utf8"));
  } catch {
    return undefined;
  }
}
