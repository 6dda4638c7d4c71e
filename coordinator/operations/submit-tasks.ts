import { TssError } from "../../proto/errors.ts";
import { LIMITS } from "../../proto/limits.ts";
import { refusedError } from "../engine/flusher.ts";
import type { SubmitOutcome } from "../engine/pending.ts";
import type { EngineState } from "../engine/state.ts";
import { submitTasks as submitToEngine } from "../engine/submit.ts";
import { type Admission, admitReceived } from "../kernel/admit.ts";
import { checkSpec } from "../kernel/check-spec.ts";
import type { ReceivedTask } from "../kernel/received-task.ts";
import { Violations } from "../kernel/violations.ts";
import type { Caller, SubmitAnswer, SubmitRequest } from "./operations.ts";
import { namesSecrets, secretProblems } from "./secrets/require-secrets.ts";
import { traceSend } from "./trace-tasks.ts";

/**
 * Accepts the tasks of one message; each item of the answer stands for one task, and one bad task fails alone.
 * @param canOpenSecrets whether the coordinator has a master key.
 */
export async function submitTasks(
  state: EngineState,
  caller: Caller,
  request: SubmitRequest,
  canOpenSecrets = false,
): Promise<readonly SubmitAnswer[]> {
  const found = new Violations();
  found.count("tasks", request.tasks.length, 1, LIMITS.tasksPerMessage);
  checkRequestId(found, request.requestId);
  found.check();
  const ofSecrets = request.tasks.some(namesSecrets)
    ? await secretProblems(state, canOpenSecrets, request.tasks)
    : undefined;
  const now = state.clock.now();
  const answers: SubmitAnswer[] = new Array(request.tasks.length);
  const admissions: Admission[] = [];
  const places: number[] = [];
  for (const [index, task] of request.tasks.entries()) {
    const problem =
      task.spec === undefined ? null : (checkSpec(task.spec, now).error() ?? ofSecrets?.get(task.spec) ?? null);
    if (problem !== null) {
      answers[index] = problem;
      continue;
    }
    places.push(index);
    admissions.push(admitReceived(task, now, state.config.defaults));
  }
  const outcomes = await submitToEngine(state, {
    admissions,
    submittedBy: caller.keyId,
    now,
    requestId: request.requestId,
  });
  for (const [at, outcome] of outcomes.entries()) {
    const place = places[at] as number;
    answers[place] = answer(state, outcome);
    if (state.tracer.enabled) {
      const traceparent = (request.tasks[place] as ReceivedTask).spec?.traceparent ?? "";
      traceSend(state, admissions[at] as Admission, traceparent, outcome, now);
    }
  }
  return answers;
}

export function checkRequestId(found: Violations, requestId: string): void {
  if (requestId.length > LIMITS.requestIdCharacters || !/^[\x21-\x7e]*$/.test(requestId))
    found.add("request_id", `must be at most ${LIMITS.requestIdCharacters} printable ASCII characters without spaces`);
}

function answer(state: EngineState, outcome: SubmitOutcome): SubmitAnswer {
  if ("ref" in outcome) return { id: state.ids.encode(outcome.ref), duplicate: outcome.duplicate };
  return conflictError(outcome.conflict);
}

export function conflictError(conflict: Extract<SubmitOutcome, { conflict: string }>["conflict"]): TssError {
  if (conflict === "refused") return refusedError();
  const sentence =
    conflict === "idempotency_key"
      ? "Another task with this idempotency key and a different body was accepted before; use a new key for a new task."
      : "Another message with this request_id and a different number of tasks was accepted before; use a new request_id.";
  return new TssError("ALREADY_EXISTS", sentence, { reason: conflict.toUpperCase() });
}
