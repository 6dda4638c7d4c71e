import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import type { Task } from "../../../proto/gen/tss/v1/task_pb.js";
import type { Patience } from "./patience.ts";
import type { Tasks } from "./tasks.ts";
import { WaitTurns } from "./wait-turns.ts";

/** How much longer than the wait itself the call may take, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * The task when it has ended; undefined when `timeoutMs` came first.
 * @param options `timeoutMs` absent: no limit. `turns`: shared by all who wait on one connection.
 * @throws TssError when `signal` fires (CANCELLED), the task does not exist, or `patience` ends.
 */
export async function waitForEnd(
  tasks: Tasks,
  id: string,
  options: {
    readonly signal: AbortSignal;
    readonly patience: Patience;
    readonly timeoutMs?: number | undefined;
    readonly turns?: WaitTurns;
  },
): Promise<Task | undefined> {
  const { signal, patience, timeoutMs = Number.POSITIVE_INFINITY, turns = new WaitTurns(2) } = options;
  const deadline = performance.now() + timeoutMs;
  while (true) {
    try {
      const { task, ended } = await turns.take((most) => {
        const waitMs = Math.min(most, Math.max(0, Math.round(deadline - performance.now())));
        const request = { id, timeout: durationFromMs(waitMs) };
        return tasks.waitTask(request, { signal, timeoutMs: waitMs + ANSWER_MS });
      });
      patience.answered();
      if (ended && task !== undefined) return task;
    } catch (error) {
      await patience.failed(error, signal);
    }
    if (performance.now() >= deadline) return undefined;
  }
}

/** The task as it is now. @throws TssError NOT_FOUND. */
export async function readTask(tasks: Tasks, id: string): Promise<Task> {
  const { task } = await tasks.getTask({ id });
  if (task === undefined) throw new TssError("NOT_FOUND", `There is no task ${id}.`);
  return task;
}
