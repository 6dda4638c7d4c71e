import { create } from "@bufbuild/protobuf";
import { TssError } from "../../proto/errors.ts";
import {
  type CancelResult,
  CancelResultSchema,
  type CancelTasksRequest,
  type CancelTasksResponse,
  CancelTasksResponseSchema,
} from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { cancelTask } from "../engine/cancel.ts";
import { reading } from "../engine/reading.ts";
import type { EngineState } from "../engine/state.ts";
import { toRpcStatus } from "../kernel/rpc-status.ts";
import { Violations } from "../kernel/violations.ts";
import { describeTask } from "./describe-task.ts";
import { findTask, notFound, readId } from "./find-task.ts";
import type { Caller } from "./operations.ts";

/** Cancels each task; answers after the commits, item by item. */
export async function cancelTasks(
  state: EngineState,
  caller: Caller,
  request: CancelTasksRequest,
): Promise<CancelTasksResponse> {
  checkIds(request.ids);
  const results = await Promise.all(request.ids.map((id) => cancelOne(state, caller, id)));
  return create(CancelTasksResponseSchema, { results });
}

export function checkIds(ids: readonly string[]): void {
  const found = new Violations();
  found.count("ids", ids.length, 1, LIMITS.tasksPerMessage);
  found.check();
}

function named(id: string, changed: boolean) {
  return { result: { case: "task" as const, value: { id } }, changed };
}

async function cancelOne(state: EngineState, caller: Caller, id: string): Promise<CancelResult> {
  try {
    const ref = readId(state, id);
    const outcome = await reading(() => cancelTask(state, ref, caller.keyId));
    if (outcome === "unknown") throw notFound(id);
    if (caller.inJob) return create(CancelResultSchema, named(id, outcome === "changed"));
    const task = describeTask(state, await findTask(state, id), "full");
    return create(CancelResultSchema, { result: { case: "task", value: task }, changed: outcome === "changed" });
  } catch (error) {
    if (!(error instanceof TssError)) throw error;
    return create(CancelResultSchema, { result: { case: "error", value: toRpcStatus(error) } });
  }
}
