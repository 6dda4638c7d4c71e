import { create, fromBinary } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type RetryResult,
  RetryResultSchema,
  type RetryTasksRequest,
  type RetryTasksResponse,
  RetryTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { committed } from "../engine/committed.ts";
import { addEvent } from "../engine/conclude.ts";
import { type EngineState, requireServing } from "../engine/state.ts";
import { submitTasks as submitToEngine } from "../engine/submit.ts";
import { admit } from "../kernel/admit.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import type { TaskRef } from "../kernel/task-ref.ts";
import { Violations } from "../kernel/violations.ts";
import { EVENT, type StoredTask } from "../ports/rows.ts";
import { checkIds } from "./cancel-tasks.ts";
import { describeTask } from "./describe-task.ts";
import { findTask, readId } from "./find-task.ts";
import type { Caller } from "./operations.ts";
import { checkRequestId, conflictError } from "./submit-tasks.ts";
import { firstTask, traceSend } from "./trace-tasks.ts";

/** Makes a new task from each ended one: same spec, due at once, its idempotency key left behind. */
export async function retryTasks(
  state: EngineState,
  caller: Caller,
  request: RetryTasksRequest,
): Promise<RetryTasksResponse> {
  checkIds(request.ids);
  const found = new Violations();
  checkRequestId(found, request.requestId);
  found.check();
  const results = await Promise.all(request.ids.map((id) => retryOne(state, caller, id, itemRequestId(request, id))));
  return create(RetryTasksResponseSchema, { results });
}

/** One gate for each task, so that a repeat of the message finds each new task again. */
function itemRequestId({ requestId }: RetryTasksRequest, id: string): string {
  return requestId === "" ? "" : `${requestId}~retry~${id}`;
}

async function retryOne(state: EngineState, caller: Caller, id: string, requestId: string): Promise<RetryResult> {
  try {
    const newId = await retryTask(state, caller, id, requestId);
    if (caller.inJob) return create(RetryResultSchema, { result: { case: "task", value: { id: newId } } });
    const made = await findTask(state, newId);
    return create(RetryResultSchema, { result: { case: "task", value: describeTask(state, made, "full") } });
  } catch (error) {
    if (!(error instanceof TssError)) throw error;
    return create(RetryResultSchema, { result: { case: "error", value: toRpcStatus(error) } });
  }
}

/**
 * Makes a new task from an ended one, and answers with its id when it is durable.
 * @param requestId makes one new task however often it is asked for within a day; empty: each time another.
 * @throws TssError NOT_FOUND, FAILED_PRECONDITION (it has not ended), UNAVAILABLE …
 */
async function retryTask(state: EngineState, caller: Caller, id: string, requestId: string): Promise<string> {
  requireServing(state, readId(state, id).shard);
  const stored = await findTask(state, id);
  if (stored.end === null)
    throw new TssError("FAILED_PRECONDITION", `Task ${id} has not ended; cancel it first, or wait for its end.`, {
      reason: "TASK_NOT_ENDED",
    });
  const newId = state.ids.encode(await submitAgain(state, caller, stored, id, requestId));
  // With its shard gone meanwhile, the next owner finds the new task by the request, and writes this down.
  requireServing(state, stored.task.shard);
  addEvent(state, stored.task, {
    kind: EVENT.retriedAs,
    attempt: stored.end.attempt,
    at: state.clock.now(),
    detail: Buffer.from(newId),
  });
  await committed(state);
  return newId;
}

async function submitAgain(
  state: EngineState,
  caller: Caller,
  stored: StoredTask,
  id: string,
  requestId: string,
): Promise<TaskRef> {
  const { task } = stored;
  const now = state.clock.now();
  const spec = fromBinary(TaskSpecSchema, task.spec);
  // The retry starts now and is a task of its own: start time and key belong to the first one.
  const again = { ...spec, delay: undefined, runAt: undefined, idempotencyKey: "", idempotencyTtl: undefined };
  const admission = admit(again, task.spec, now, state.config.defaults, id);
  const [outcome] = await submitToEngine(state, { admissions: [admission], submittedBy: caller.keyId, now, requestId });
  if (outcome === undefined || !("ref" in outcome)) throw conflictError(outcome?.conflict ?? "refused");
  if (state.tracer.enabled)
    traceSend(state, admission, spec.traceparent, outcome, now, await firstTask(state, id, stored));
  return outcome.ref;
}
