import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { STATUS_CODES } from "../../../proto/errors.ts";
import { RetryBackoff } from "../../../proto/gen/tss/v1/task_pb.js";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { History } from "../evidence/history.ts";
import type { Wanted } from "../evidence/types.ts";
import type { Coordinator } from "./start-system.ts";

/** Tasks that are submitted together, as often as it takes, under one request id. */
export interface Message {
  readonly requestId: string;
  readonly tasks: readonly Wanted[];
  readonly spec: (task: Wanted) => { readonly command: string; readonly queue: string; readonly delayMs: number };
}

export type Answer = readonly { readonly id?: string; readonly duplicate?: boolean; readonly code?: string }[];

/** Longest wait for an answer: what takes longer is in doubt, and asked again. */
export const CALL_MS = 3_000;

const NAMES = new Map(Object.entries(STATUS_CODES).map(([name, code]) => [code as number, name]));

/** Asks one coordinator once. @returns undefined: it is in doubt, or refused for now. */
export async function submitOnce(
  history: History,
  client: string,
  { process: { name: via }, connection }: Coordinator,
  message: Message,
): Promise<Answer | undefined> {
  const { requestId, tasks } = message;
  const make = () =>
    connection
      .service(TaskService)
      .submitTasks({ requestId, tasks: tasks.map((task) => specOf(task, message)) }, { timeoutMs: CALL_MS });
  const answerOf = ({ results }: Awaited<ReturnType<typeof make>>): Answer =>
    results.map(({ result, duplicate }) =>
      result.case === "id"
        ? { id: result.value, duplicate }
        : { code: NAMES.get(result.value?.code ?? 2) ?? "UNKNOWN" },
    );
  try {
    return answerOf(await history.call({ op: "submit", client, via, requestId, tasks }, make, answerOf));
  } catch {
    return undefined;
  }
}

function specOf(task: Wanted, message: Message) {
  const { command, queue, delayMs } = message.spec(task);
  return {
    ...{ name: task.name, queue, command },
    ...(task.key === undefined ? {} : { idempotencyKey: task.key }),
    ...(delayMs === 0 ? {} : { delay: durationFromMs(delayMs) }),
    ...(task.timeoutMs === 0 ? {} : { timeout: durationFromMs(task.timeoutMs) }),
    cancelGrace: durationFromMs(task.graceMs),
    retry: {
      limit: task.maxAttempts - 1,
      interval: durationFromMs(task.intervalMs),
      backoff: RetryBackoff.FIXED,
      jitter: 0,
    },
  };
}
