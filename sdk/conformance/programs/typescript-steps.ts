import { setTimeout as sleep } from "node:timers/promises";
import { type AttemptContext, Fatal, RetryLater } from "../../typescript/index.ts";

export type Step = readonly [string, ...unknown[]];

export interface Script {
  readonly steps: readonly Step[];
  readonly value?: unknown;
}

/** Tasks that were told to go on. */
export class Releases {
  readonly #released = new Map<string, PromiseWithResolvers<void>>();

  of(task: string): PromiseWithResolvers<void> {
    const known = this.#released.get(task) ?? Promise.withResolvers<void>();
    this.#released.set(task, known);
    return known;
  }
}

/** The handler that obeys its input; see ../README.md. */
export async function obey(script: Script, task: AttemptContext, releases: Releases): Promise<unknown> {
  for (let step of script.steps) {
    while (step[0] === "before") step = task.attempt < (step[1] as number) ? (step[2] as Step) : ["nothing"];
    const [verb, first, second] = step;
    switch (verb) {
      case "return":
        return step.length > 1 ? first : script.value;
      case "returnRepeat":
        return (first as string).repeat(second as number);
      case "returnBase64":
        return new Uint8Array(Buffer.from(first as string, "base64"));
      case "unencodable":
        return { big: 1n };
      case "describe":
        return describe(task);
      default:
        await act(verb, first, second, task, releases);
    }
  }
  return undefined;
}

async function act(verb: string, first: unknown, second: unknown, task: AttemptContext, releases: Releases) {
  switch (verb) {
    case "nothing":
      return;
    case "progress":
      return task.progress(first as number, second as string);
    case "message":
      return task.message(first as string);
    case "heartbeat":
      return task.heartbeat();
    case "sleep":
      return sleep(first as number);
    case "await":
      return Promise.race([releases.of(task.id).promise, stopped(task).then(() => task.signal.throwIfAborted())]);
    case "deaf":
      return releases.of(task.id).promise;
    case "awaitStop":
      return stopped(task);
    case "obey":
      return task.signal.throwIfAborted();
    case "fail":
      throw new Error(first as string);
    case "fatal":
      throw new Fatal(first as string);
    case "retryLater":
      throw new RetryLater(first as number, second as string);
    default:
      throw new Fatal(`${verb} is no step.`);
  }
}

export function stopped({ signal }: AttemptContext): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function describe(task: AttemptContext): Record<string, unknown> {
  const { id, name, queue, labels, attempt, maxAttempts, fencingToken, deadline } = task;
  return {
    id,
    name,
    queue,
    labels,
    attempt,
    maxAttempts,
    fencingToken: Number(fencingToken),
    hasDeadline: deadline !== undefined,
  };
}
