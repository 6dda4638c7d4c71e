import type { Handler, TypedHandler } from "../worker/handler-types.ts";
import type { HandlerTask, TaskOptions } from "./task-request.ts";

/** The name of a kind of work with the types of what goes in and what comes out: clients and workers share it. */
export interface TaskType<I, R> {
  readonly type: string;
  /** A task of this type, to be submitted. */
  task(input: I, options?: TaskOptions): HandlerTask<R>;
  /** What runs tasks of this type, for `createWorker`. */
  handler(run: Handler<I, R>): TypedHandler<I, R>;
}

/**
 * Names a kind of work.
 * @param type 1–200 printable characters, e.g. "image.resize".
 */
export function taskType<I = void, R = void>(type: string): TaskType<I, R> {
  return {
    type,
    task: (input, options = {}) => ({ ...options, type, input }),
    handler: (run) => ({ type, run }),
  };
}
