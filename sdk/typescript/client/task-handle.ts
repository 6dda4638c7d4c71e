import { TssError } from "../../../proto/errors.ts";
import { LogStream } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { PayloadCodec } from "../codecs/payload-codec.ts";
import { fromStatus } from "../connection/status-error.ts";
import { followOutput, type OutputPiece, readOutput } from "./follow-output.ts";
import { hasEnded } from "./has-ended.ts";
import { createPatience } from "./patience.ts";
import { TaskFailedError } from "./task-failed.ts";
import { type TaskView, taskView } from "./task-view.ts";
import type { Tasks } from "./tasks.ts";
import { readTask, waitForEnd } from "./wait-for-end.ts";
import type { WaitTurns } from "./wait-turns.ts";

export interface WaitOptions {
  /** Milliseconds; absent: no limit. */
  readonly timeoutMs?: number;
  /** Ends the wait, not the task. */
  readonly signal?: AbortSignal;
}

export interface LogOptions {
  /** Goes on until the task has ended. */
  readonly follow?: boolean;
  /** Absent: the newest; not together with `follow`, which gives all attempts. */
  readonly attempt?: number;
  readonly signal?: AbortSignal;
}

/** A piece of what an attempt wrote. */
export interface LogPiece {
  readonly attempt: number;
  /** Place of the first byte in the attempt's output, both streams counted together. */
  readonly offset: number;
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
  /** Bytes before `data` that were not kept. */
  readonly elidedBytes: number;
}

/** Why a task stands where it stands. */
export interface TaskExplanation {
  /** One sentence. */
  readonly summary: string;
  readonly explanations: readonly {
    readonly code: string;
    readonly message: string;
    readonly action: string;
    readonly evidence: Readonly<Record<string, string>>;
  }[];
}

/** What handles need of their client. */
export interface TaskAccess {
  readonly tasks: Tasks;
  readonly codec: PayloadCodec;
  readonly turns: WaitTurns;
}

/** Longest time without a coordinator before a wait, watch or log fails with UNAVAILABLE. */
const GIVE_UP_MS = 300_000;

/** A task by its id. Every method throws a TssError when the coordinator refuses, or is away for 5 minutes. */
export class TaskHandle<R = unknown> {
  readonly id: string;
  /** The submit found a task of its idempotency key; undefined when this handle comes from no submit. */
  readonly duplicate: boolean | undefined;
  readonly #access: TaskAccess;

  constructor(access: TaskAccess, id: string, duplicate?: boolean) {
    this.#access = access;
    this.id = id;
    this.duplicate = duplicate;
  }

  async get(): Promise<TaskView> {
    return taskView(await readTask(this.#access.tasks, this.id));
  }

  /** Resolves with the ended task. @throws TssError DEADLINE_EXCEEDED when it has not ended in time. */
  async wait(options: WaitOptions = {}): Promise<TaskView> {
    const { tasks, turns } = this.#access;
    const { signal = NEVER, timeoutMs } = options;
    const task = await waitForEnd(tasks, this.id, { signal, patience: patience(), timeoutMs, turns });
    if (task !== undefined) return taskView(task);
    throw new TssError("DEADLINE_EXCEEDED", `Task ${this.id} has not ended within ${timeoutMs} ms.`);
  }

  /** What the handler gave back. @throws TaskFailedError when the task failed or was cancelled. */
  async result(options: WaitOptions = {}): Promise<R> {
    const task = await this.wait(options);
    if (task.status !== "succeeded") throw new TaskFailedError(task);
    return (task.result === undefined ? undefined : await this.#access.codec.decode(task.result)) as R;
  }

  /** Asks for its end; a running handler or command is told at once. Ended tasks stay as they are. */
  async cancel(): Promise<TaskView> {
    const { results } = await this.#access.tasks.cancelTasks({ ids: [this.id] });
    return taskView(taskOf(results[0]?.result));
  }

  /** Makes a new task of an ended one. */
  async retry(): Promise<TaskHandle<R>> {
    const requestId = crypto.randomUUID();
    const { results } = await this.#access.tasks.retryTasks({ ids: [this.id], requestId });
    return new TaskHandle<R>(this.#access, taskOf(results[0]?.result).id);
  }

  /** The task as it is, and again whenever it has changed; ends with its end. */
  async *watch(signal: AbortSignal = NEVER): AsyncGenerator<TaskView, void, undefined> {
    const lost = patience();
    while (true)
      try {
        for await (const { task } of this.#access.tasks.watchTasks({ id: this.id }, { signal })) {
          lost.answered();
          if (task === undefined) continue;
          yield taskView(task);
          if (hasEnded(task)) return;
        }
      } catch (error) {
        await lost.failed(error, signal);
      }
  }

  /** What it writes, as it is kept. A lost connection is taken up at the byte where it broke. */
  async *logs(options: LogOptions = {}): AsyncGenerator<LogPiece, void, undefined> {
    const { follow = false, attempt = 0, signal = NEVER } = options;
    const { tasks } = this.#access;
    const pieces = follow
      ? followOutput(tasks, this.id, signal, patience())
      : readOutput(tasks, { id: this.id, attempt, offset: 0n }, signal);
    for await (const piece of pieces) yield logPiece(piece);
  }

  async explain(): Promise<TaskExplanation> {
    const { summary, explanations } = await this.#access.tasks.explainTask({ id: this.id });
    return {
      summary,
      explanations: explanations.map(({ code, message, action, evidence }) => ({ code, message, action, evidence })),
    };
  }
}

const NEVER = new AbortController().signal;

function patience() {
  return createPatience(GIVE_UP_MS, () => {});
}

function logPiece({ stream, ...rest }: OutputPiece): LogPiece {
  return { ...rest, stream: stream === LogStream.STDERR ? "stderr" : "stdout" };
}

type ItemResult = Awaited<ReturnType<Tasks["retryTasks"]>>["results"][number]["result"];

function taskOf(result: ItemResult | undefined) {
  if (result?.case === "task") return result.value;
  if (result?.case === "error") throw fromStatus(result.value);
  throw new TssError("INTERNAL", "The coordinator's answer has no result for this task.");
}
