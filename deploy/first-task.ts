import { TaskStatus } from "../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../proto/gen/tss/v1/task_service_pb.js";
import type { Connection } from "../sdk/typescript/connection-types.ts";

/** Runs one task through the whole system and shows its output: the proof that all parts work together. */
export async function runFirstTask(connection: Connection, out: NodeJS.WritableStream): Promise<void> {
  const tasks = connection.service(TaskService);
  const { results } = await tasks.submitTasks({
    tasks: [{ name: "hello", command: 'echo "Hello from task $TSS_TASK_ID"', labels: { from: "tss dev" } }],
  });
  const first = results[0]?.result;
  if (first?.case !== "id") throw new Error(`the first task was refused: ${first?.value?.message ?? "no answer"}`);
  const id = first.value;
  out.write(`\nA first task, ${id}:\n`);
  for await (const { data } of tasks.tailLogs({ id, follow: true }))
    if (data.length > 0) out.write(`  | ${Buffer.from(data).toString("utf8").trimEnd()}\n`);
  const { task } = await tasks.waitTask({ id });
  out.write(
    `  ${TaskStatus[task?.status ?? 0]?.toLowerCase()}\n\nNow try: npx tss task create --name "Test Task" --command "echo hi" --follow\n`,
  );
}
