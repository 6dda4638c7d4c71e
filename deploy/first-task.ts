import { TaskStatus } from "../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../proto/gen/tss/v1/task_service_pb.js";
import type { Connection } from "../sdk/typescript/connection-types.ts";

/** How long the first task may take before a person is told why. */
const PATIENCE_MS = 10_000;
/** Before everything that an earlier start left: it is the proof that the system works. */
const HIGHEST_PRIORITY = 127;
/** Starts of a folder whose queue stays paused leave nothing behind. */
const EXPIRES_S = 600;

/**
 * Submits the task that proves that all parts work together, and resolves with its id. Before an agent is there, or the
 * free slots of the agent go to what an earlier start left. @throws what the coordinator answers
 */
export async function submitFirstTask(connection: Connection, stopping: AbortSignal): Promise<string> {
  const { results } = await connection.service(TaskService).submitTasks(
    {
      tasks: [
        {
          name: "hello",
          command: 'echo "Hello from task $TSS_TASK_ID"',
          labels: { from: "tss dev" },
          priority: HIGHEST_PRIORITY,
          expires: { seconds: BigInt(EXPIRES_S), nanos: 0 },
        },
      ],
    },
    { signal: stopping },
  );
  const first = results[0]?.result;
  if (first?.case !== "id") throw new Error(first?.value?.message ?? "no answer");
  return first.value;
}

/**
 * Shows the output of the first task. When it does not come to its end it says why, and the system runs all the same.
 * Returns at once when `stopping` is aborted.
 */
export async function showFirstTask(
  connection: Connection,
  submitted: Promise<string>,
  out: NodeJS.WritableStream,
  stopping: AbortSignal,
): Promise<void> {
  try {
    const id = await submitted;
    out.write(`\nA first task, ${id}:\n`);
    out.write(`${await follow(connection, id, out, stopping)}\n`);
  } catch (error) {
    if (stopping.aborted) return;
    out.write(`\nThe first task did not run: ${(error as Error).message}\n`);
  }
  out.write('\nNow try: npx tss task create --name "Test Task" --command "echo hi" --follow\n');
}

/** The last line of what is shown: the status, or why there is none yet. */
async function follow(
  connection: Connection,
  id: string,
  out: NodeJS.WritableStream,
  stopping: AbortSignal,
): Promise<string> {
  const tasks = connection.service(TaskService);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = AbortSignal.any([stopping, patience]);
  try {
    for await (const { data } of tasks.tailLogs({ id, follow: true }, { signal }))
      if (data.length > 0) out.write(`  | ${Buffer.from(data).toString("utf8").trimEnd()}\n`);
    const { task } = await tasks.waitTask({ id }, { signal });
    return `  ${TaskStatus[task?.status ?? 0]?.toLowerCase()}`;
  } catch (error) {
    if (!patience.aborted || stopping.aborted) throw error;
    const { summary, explanations } = await tasks.explainTask({ id }, { signal: stopping });
    // Others may have put words in: they are not to steer the terminal.
    const why = [summary, explanations[0]?.action].filter(Boolean).join(" ").replace(/\p{C}/gu, " ");
    return `  has not ended yet. ${why}`;
  }
}
