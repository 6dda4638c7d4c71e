import { TaskService } from "../../proto/gen/tss/v1/task_service_pb.js";
import type { Connection } from "../../sdk/typescript/connection-types.ts";

/** The same message until it is answered: its request id makes that safe. @returns the ids. */
export async function submitMessage(connection: Connection, requestId: string, count: number): Promise<string[]> {
  const tasks = Array.from({ length: count }, (_, index) => ({ name: `${requestId}/${index}`, command: "true" }));
  const { results } = await eventually(() =>
    connection.service(TaskService).submitTasks({ tasks, requestId }, { timeoutMs: 5_000 }),
  );
  return results.map(({ result }) => {
    if (result.case !== "id") throw new Error(`refused: ${result.value?.message}`);
    return result.value;
  });
}

/** Longest time without a coordinator: its start takes many times as long on a machine with more to do than it can. */
const AWAY_MS = 120_000;

/** Tries again while the coordinator is away. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + AWAY_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const { code } = error as { code?: string };
      if (performance.now() > deadline || code === "NOT_FOUND" || code === "INVALID_ARGUMENT") throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
