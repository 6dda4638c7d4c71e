import { AttemptOutcome, type Task, TaskReason, TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { History } from "../evidence/history.ts";
import type { FinalTask, Shown, Status } from "../evidence/types.ts";
import type { Coordinator } from "./start-system.ts";
import { CALL_MS } from "./submit.ts";

/** Asks one coordinator once for a task. @returns false: it is in doubt, or not there. */
export async function getOnce(history: History, client: string, at: Coordinator, id: string): Promise<boolean> {
  const make = () => at.connection.service(TaskService).getTask({ id }, { timeoutMs: CALL_MS });
  try {
    await history.call({ op: "get", client, via: at.process.name, id }, make, ({ task }) => shownOf(task as Task));
    return true;
  } catch {
    return false;
  }
}

/** Asks one coordinator once to cancel a task. @returns false: it is in doubt, or was refused. */
export async function cancelOnce(history: History, client: string, at: Coordinator, id: string): Promise<boolean> {
  const make = async () => {
    const { results } = await at.connection.service(TaskService).cancelTasks({ ids: [id] }, { timeoutMs: CALL_MS });
    const [result] = results;
    if (result?.result.case === "task") return { ...shownOf(result.result.value), changed: result.changed };
    throw Object.assign(new Error(result?.result.value?.message), { code: "UNAVAILABLE" });
  };
  try {
    await history.call({ op: "cancel", client, via: at.process.name, id }, make, (answer) => answer);
    return true;
  } catch {
    return false;
  }
}

export function shownOf({ status, reason, attempt }: Pick<Task, "status" | "reason" | "attempt">): Shown {
  return { status: wordOf(TaskStatus, status) as Status, reason: wordOf(TaskReason, reason), attempt };
}

export function finalOf(task: Task): FinalTask {
  const text = new TextDecoder().decode(task.result?.data);
  return {
    ...shownOf(task),
    id: task.id,
    name: task.name,
    exitCode: task.exitCode ?? null,
    result: text.replaceAll('"', ""),
    attempts: task.attempts.map(({ number, outcome, reason, fencingToken, leasedAt, endedAt }) => ({
      number,
      outcome: outcome === 0 ? "none" : (wordOf(AttemptOutcome, outcome) as "failed"),
      reason: wordOf(TaskReason, reason),
      token: Number(fencingToken),
      leasedAt: msOf(leasedAt),
      endedAt: msOf(endedAt),
    })),
  };
}

const wordOf = (words: Readonly<Record<number, string>>, value: number) =>
  (words[value] ?? String(value)).toLowerCase();

function msOf(at: { seconds: bigint; nanos: number } | undefined): number {
  return at === undefined ? 0 : Number(at.seconds) * 1_000 + at.nanos / 1e6;
}
