import { create } from "@bufbuild/protobuf";
import {
  type WaitTaskRequest,
  type WaitTaskResponse,
  WaitTaskResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import type { EngineState } from "../engine/state.ts";
import { durationMs } from "../kernel/time.ts";
import { Violations } from "../kernel/violations.ts";
import { describeTask } from "./describe-task.ts";
import { findTask, readId } from "./find-task.ts";

/** Answers when the task has ended, or after the timeout with the task as it is then. */
export async function waitTask(
  state: EngineState,
  request: WaitTaskRequest,
  signal: AbortSignal,
): Promise<WaitTaskResponse> {
  const timeoutMs = request.timeout === undefined ? LIMITS.waitDefaultMs : durationMs(request.timeout);
  const found = new Violations();
  found.span("timeout", timeoutMs, 0, LIMITS.waitMs);
  found.check();
  const ref = readId(state, request.id);
  let ended: () => void = () => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  // Subscribed before it is read, so that an end between the two is not missed.
  const unsubscribe = state.changes.onTask(ref, (change) => {
    if (change.ended) ended();
  });
  const timer = setTimeout(() => ended(), timeoutMs);
  const abort = () => ended();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const first = await findTask(state, request.id);
    if (first.end === null && timeoutMs > 0 && !signal.aborted) await end;
    const stored = first.end === null ? await findTask(state, request.id) : first;
    return create(WaitTaskResponseSchema, { task: describeTask(state, stored, "full"), ended: stored.end !== null });
  } finally {
    unsubscribe();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
