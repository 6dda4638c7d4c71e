import { create, toBinary } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import { type TaskSpec, TaskSpecSchema } from "../../proto/gen/tss/v1/task_pb.js";
import {
  type SubmitResult,
  SubmitResultSchema,
  type SubmitTasksRequest,
  type SubmitTasksResponse,
  SubmitTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { refusedError } from "../engine/flusher.ts";
import type { SubmitOutcome } from "../engine/pending.ts";
import type { EngineState } from "../engine/state.ts";
import { submitTasks as submitToEngine } from "../engine/submit.ts";
import { type Admission, admit } from "../kernel/admit.ts";
import { checkSpec } from "../kernel/check-spec.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import { specBytes } from "../kernel/spec-bytes.ts";
import { Violations } from "../kernel/violations.ts";
import type { Caller } from "./operations.ts";
import { traceSend } from "./trace-tasks.ts";

/** Accepts the tasks of one message; each item of the answer stands for one task, and one bad task fails alone. */
export async function submitTasks(
  state: EngineState,
  caller: Caller,
  request: SubmitTasksRequest,
): Promise<SubmitTasksResponse> {
  const found = new Violations();
  found.count("tasks", request.tasks.length, 1, LIMITS.tasksPerMessage);
  checkRequestId(found, request.requestId);
  found.check();
  const now = state.clock.now();
  const results: SubmitResult[] = new Array(request.tasks.length);
  const admissions: Admission[] = [];
  const places: number[] = [];
  for (const [index, spec] of request.tasks.entries()) {
    const problem = checkSpec(spec, now).error();
    if (problem !== null) {
      results[index] = failed(problem);
      continue;
    }
    places.push(index);
    admissions.push(admit(spec, bytesOf(spec), now, state.config.defaults));
  }
  const outcomes = await submitToEngine(state, {
    admissions,
    submittedBy: caller.keyId,
    now,
    requestId: request.requestId,
  });
  for (const [at, outcome] of outcomes.entries()) {
    const place = places[at] as number;
    results[place] = answer(state, outcome);
    if (state.tracer.enabled)
      traceSend(state, admissions[at] as Admission, request.tasks[place] as TaskSpec, outcome, now);
  }
  return create(SubmitTasksResponseSchema, { results });
}

export function checkRequestId(found: Violations, requestId: string): void {
  if (requestId.length > LIMITS.requestIdCharacters || !/^[\x21-\x7e]*$/.test(requestId))
    found.add("request_id", `must be at most ${LIMITS.requestIdCharacters} printable ASCII characters without spaces`);
}

function bytesOf(spec: TaskSpec): Uint8Array {
  return specBytes(spec) ?? toBinary(TaskSpecSchema, spec);
}

function answer(state: EngineState, outcome: SubmitOutcome): SubmitResult {
  if ("ref" in outcome)
    return create(SubmitResultSchema, {
      result: { case: "id", value: state.ids.encode(outcome.ref) },
      duplicate: outcome.duplicate,
    });
  return failed(conflictError(outcome.conflict));
}

export function conflictError(conflict: Extract<SubmitOutcome, { conflict: string }>["conflict"]): TssError {
  if (conflict === "refused") return refusedError();
  const sentence =
    conflict === "idempotency_key"
      ? "Another task with this idempotency key and a different body was accepted before; use a new key for a new task."
      : "Another message with this request_id and a different number of tasks was accepted before; use a new request_id.";
  return new TssError("ALREADY_EXISTS", sentence, { reason: conflict.toUpperCase() });
}

function failed(error: TssError): SubmitResult {
  return create(SubmitResultSchema, { result: { case: "error", value: toRpcStatus(error) } });
}
