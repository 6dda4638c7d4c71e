import { readFileSync } from "node:fs";
import { TaskStatus } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import { until } from "../../support/until.ts";
import type { FinalTask, LedgerLine } from "../evidence/types.ts";
import type { System } from "./start-system.ts";
import { finalOf } from "./task-calls.ts";

const PAGE = 500;

/** Resolves when nothing of the queue waits or runs, or after the bound: then the checker says what has not ended. */
export async function untilQuiet({ coordinators }: System, queue: string, boundMs: number): Promise<void> {
  const status = [TaskStatus.WAITING, TaskStatus.RUNNING];
  const isQuiet = async () => {
    const answers = coordinators.map(({ connection }) =>
      connection.service(TaskService).listTasks({ queue, status, limit: 1 }, { timeoutMs: 5_000 }),
    );
    const seen = await Promise.all(answers).catch(() => undefined);
    return seen?.every(({ tasks, nextCursor }) => tasks.length === 0 && nextCursor === "") ?? false;
  };
  await until("everything to have ended", isQuiet, boundMs).catch(() => {});
}

/** Every task of the queue, listed by one coordinator and read at another. */
export async function readFinal({ coordinators: [first, ...rest] }: System, queue: string): Promise<FinalTask[]> {
  const lister = first!.connection.service(TaskService);
  const reader = (rest.at(-1) ?? first!).connection.service(TaskService);
  const final: FinalTask[] = [];
  for (let cursor = ""; ; ) {
    const page = await lister.listTasks({ queue, limit: PAGE, cursor });
    for (const { id } of page.tasks) final.push(finalOf((await reader.getTask({ id })).task!));
    cursor = page.nextCursor;
    if (cursor === "") return final;
  }
}

/** Runs of commands that live, by the ledger and the system: a number may have been given to another process since. */
export function liveRuns(lines: readonly LedgerLine[]): LedgerLine[] {
  const ended = new Set(lines.filter(({ what }) => what === "end").map(({ pid, token }) => `${pid} ${token}`));
  return lines.filter(
    (line) =>
      line.what === "start" &&
      !ended.has(`${line.pid} ${line.token}`) &&
      environmentOf(line.pid).includes(`TSS_FENCING_TOKEN=${line.token}\0`),
  );
}

/** Of a process, with a NUL after each variable; "": it has gone, or is another user's. */
export function environmentOf(pid: number): string {
  try {
    return `${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`;
  } catch {
    return "";
  }
}
