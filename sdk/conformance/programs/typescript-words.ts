import {
  aesGcm,
  type Client,
  gzip,
  type PayloadCodec,
  payloadCodec,
  TaskFailedError,
  type TaskRequest,
  type TaskView,
  TssError,
} from "../../typescript/index.ts";

/** The words of the driver protocol and those of the SDK. */
export type Words = Readonly<Record<string, unknown>>;

/** The protocol's names of options are those of this SDK. */
export function requestOf({ inputBase64, ...task }: Words): TaskRequest {
  const input = inputBase64 === undefined ? {} : { input: new Uint8Array(Buffer.from(String(inputBase64), "base64")) };
  return { ...task, ...input } as unknown as TaskRequest;
}

export function codecOf(names: readonly string[]): PayloadCodec {
  const keys = { k1: Uint8Array.from({ length: 32 }, (_, index) => index) };
  return payloadCodec({
    codecs: names.map((name) => (name === "gzip" ? gzip({ minBytes: 1 }) : aesGcm({ keys, current: "k1" }))),
  });
}

export function carried(value: unknown): Words {
  return value instanceof Uint8Array ? { valueBase64: Buffer.from(value).toString("base64") } : { value };
}

export function taskOf(task: TaskView): Words {
  const { id, name, queue, status, reason, type, labels, attempt, maxAttempts, error, attempts, retryOf } = task;
  const progress = task.progress && { percent: task.progress.percent, message: task.progress.message };
  return {
    ...{ id, name, queue, status, reason, type, labels, attempt, maxAttempts, progress, retryOf },
    error: error && { type: error.type, message: error.message },
    attempts: attempts.map((one) => ({
      number: one.number,
      outcome: one.outcome,
      reason: one.reason,
      error: one.error && { type: one.error.type, message: one.error.message },
      locks: locksOf(one.locks),
    })),
    messages: task.messages.map(({ text }) => text),
  };
}

/** Undefined when there are none. */
export function locksOf(locks: ReadonlyMap<string, number>): Words[] | undefined {
  return locks.size === 0 ? undefined : [...locks].map(([name, token]) => ({ name, token }));
}

export function errorOf(error: unknown): Words {
  if (error instanceof TaskFailedError)
    return { code: "TASK_FAILED", message: error.message, task: taskOf(error.task) };
  if (error instanceof TssError) return { code: error.code, message: error.message, reason: error.reason };
  return { code: "PROGRAM", message: String(error) };
}

/** One answer for each task, in order; refused ones have their error. */
export async function submitEach(client: Client, tasks: readonly Words[]): Promise<Words[]> {
  const handles = await Promise.allSettled(tasks.map((task) => client.submit(requestOf(task))));
  return handles.map((one) =>
    one.status === "fulfilled" ? { id: one.value.id, duplicate: one.value.duplicate } : { error: errorOf(one.reason) },
  );
}
