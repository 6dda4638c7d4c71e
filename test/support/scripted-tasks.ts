import { type EventEmitter, on } from "node:events";
import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { toRpcStatus } from "../../coordinator/kernel/rpc-status.ts";
import type { TaskOperations } from "../../coordinator/operations/operations.ts";
import { TssError } from "../../proto/errors.ts";
import { type Task, TaskReason, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import * as api from "../../proto/gen/tss/v1/task_service_pb.js";
import { LIMITS } from "../../proto/limits.ts";
import { specOf } from "./received.ts";
import type { House } from "./scripted-house.ts";

type State = Pick<
  House,
  | "submitted"
  | "tasks"
  | "output"
  | "cancelled"
  | "tails"
  | "breakAfter"
  | "beforeBreak"
  | "onSubmit"
  | "add"
  | "change"
  | "end"
>;

/** What a scripted house answers to calls about tasks. */
export function scriptedTasks(house: State, events: EventEmitter, find: (id: string) => Task): TaskOperations {
  const hasEnded = (task: Task) => task.status >= TaskStatus.SUCCEEDED;
  const errorOf = (error: unknown) => ({ case: "error" as const, value: toRpcStatus(error as TssError) });
  return {
    async submitTasks(_caller, request) {
      const specs = request.tasks.map(specOf);
      house.submitted.push(specs);
      return specs.map((spec) => {
        if (spec.queue === "full") return new TssError("RESOURCE_EXHAUSTED", 'The queue "full" takes nothing more.');
        const { name, labels, type } = spec;
        const task = house.add({ name, labels, type, queue: spec.queue || "default", spec });
        house.onSubmit(task, spec);
        return { id: task.id, duplicate: false };
      });
    },
    async getTask(_caller, { id }) {
      return create(api.GetTaskResponseSchema, { task: find(id) });
    },
    async listTasks(_caller, { status, queue, limit, cursor }) {
      const all = [...house.tasks.values()].reverse();
      const found = all.filter(
        (task) => (status.length === 0 || status.includes(task.status)) && (!queue || task.queue === queue),
      );
      const from = Number(cursor || 0);
      const tasks = found.slice(from, from + (limit || 50));
      const nextCursor = from + tasks.length < found.length ? String(from + tasks.length) : "";
      return create(api.ListTasksResponseSchema, { tasks, nextCursor });
    },
    async cancelTasks(_caller, { ids }) {
      checkCount(ids);
      const results = ids.map((id) => {
        try {
          const changed = !hasEnded(find(id));
          house.cancelled.push(id);
          if (find(id).status === TaskStatus.WAITING) house.end(id, TaskStatus.CANCELLED, TaskReason.ABORTED);
          else if (changed) house.change(id, { reason: TaskReason.CANCELLING });
          return { result: { case: "task" as const, value: find(id) }, changed };
        } catch (error) {
          return { result: errorOf(error) };
        }
      });
      return create(api.CancelTasksResponseSchema, { results });
    },
    async retryTasks(_caller, { ids }) {
      checkCount(ids);
      const results = ids.map((id) => {
        const { name } = find(id);
        if (!hasEnded(find(id)))
          return { result: errorOf(new TssError("FAILED_PRECONDITION", `Task ${id} has not ended.`)) };
        return { result: { case: "task" as const, value: house.add({ name, retryOf: id }) } };
      });
      return create(api.RetryTasksResponseSchema, { results });
    },
    async waitTask(_caller, { id, timeout }, signal) {
      find(id);
      const limit = AbortSignal.any([
        signal,
        AbortSignal.timeout(timeout === undefined ? 60_000 : durationMs(timeout)),
      ]);
      await changesUntil(events, limit, () => hasEnded(find(id)));
      return create(api.WaitTaskResponseSchema, { task: find(id), ended: hasEnded(find(id)) });
    },
    async *watchTasks(_caller, { id }, signal) {
      const seen = new Map<string, Task>(id === "" ? house.tasks : []);
      while (true) {
        const changed = [...house.tasks.values()].filter(
          (task) => seen.get(task.id) !== task && (id === "" || task.id === id),
        );
        for (const task of changed) {
          seen.set(task.id, task);
          yield create(api.WatchTasksResponseSchema, { task, cursor: String(seen.size) });
        }
        if (id !== "" && hasEnded(find(id))) return;
        const before = new Map(house.tasks);
        await changesUntil(events, signal, () => [...house.tasks].some(([name, task]) => before.get(name) !== task));
        if (signal.aborted) return;
      }
    },
    async *tailLogs(_caller, request, signal) {
      const { id, attempt, follow } = request;
      house.tails.push({ attempt, offset: Number(request.offset) });
      const first = attempt || Math.max(1, find(id).attempt);
      let sent = 0;
      for (let at = 0; ; ) {
        const written = house.output.get(id) ?? [];
        for (const piece of written.slice(at)) {
          const end = piece.offset + piece.data.length;
          if (attempt !== 0 ? piece.attempt !== attempt : piece.attempt < first) continue;
          if (piece.attempt === first && end <= Number(request.offset)) continue;
          if (sent++ === house.breakAfter) {
            house.breakAfter = Number.POSITIVE_INFINITY;
            await house.beforeBreak();
            throw new TssError("UNAVAILABLE", "The coordinator is going away.");
          }
          const stream = piece.stderr ? api.LogStream.STDERR : api.LogStream.STDOUT;
          yield create(api.TailLogsResponseSchema, {
            attempt: piece.attempt,
            offset: BigInt(piece.offset),
            elidedBytes: BigInt(piece.elidedBytes),
            stream,
            data: piece.data,
          });
        }
        at = written.length;
        const attemptOver = () => hasEnded(find(id)) || (attempt !== 0 && find(id).attempt > attempt);
        if (!follow || attemptOver() || signal.aborted) return;
        await changesUntil(events, signal, () => attemptOver() || (house.output.get(id) ?? []).length > at);
      }
    },
    async explainTask(_caller, { id }) {
      const { status, reason, queue } = find(id);
      const message = `No worker serves the queue "${queue}".`;
      const explanation = {
        code: "no_worker",
        message,
        action: "Start an agent.",
        evidence: { queue },
        command: "tss-agent",
      };
      return create(api.ExplainTaskResponseSchema, { status, reason, summary: message, explanations: [explanation] });
    },
  };
}

/** Returns when `look` holds, or the signal fires. */
async function changesUntil(events: EventEmitter, signal: AbortSignal, look: () => boolean): Promise<void> {
  if (look() || signal.aborted) return;
  try {
    for await (const _ of on(events, "changed", { signal })) if (look()) return;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function checkCount(ids: readonly string[]): void {
  if (ids.length > LIMITS.tasksPerMessage) throw new TssError("INVALID_ARGUMENT", "ids has too many items.");
}
