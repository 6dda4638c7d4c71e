import { type Task, TaskStatus } from "../../proto/gen/tss/v1/task_pb.js";
import { createPatience } from "../../sdk/typescript/client/patience.ts";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import { waitForEnd } from "../../sdk/typescript/client/wait-for-end.ts";
import { EXIT } from "../exit-codes.ts";
import { painterFor } from "../render/color.ts";
import { endLine } from "../render/end-line.ts";
import { showProgress } from "./progress-display.ts";

/** Longest time without a coordinator before waiting ends with UNAVAILABLE. */
const GIVE_UP_MS = 300_000;

export interface WaitOptions {
  /** Nothing is said while waiting. */
  readonly silent: boolean;
  /** Absent: as long as it takes. */
  readonly timeoutMs?: number;
}

/**
 * Waits for all tasks and says how each ended, on stderr. Sets the exit code of the process: 0 if all succeeded, 1 if
 * one did not, 6 if the timeout came first.
 * @returns the tasks beside their ids; undefined for one that has not ended.
 */
export async function waitAndReport(
  tasks: Tasks,
  ids: readonly string[],
  options: WaitOptions,
): Promise<(Task | undefined)[]> {
  const stop = new AbortController();
  const paint = painterFor(process.stderr);
  let ended = 0;
  const display = options.silent ? undefined : showProgress(tasks, ids, () => ended);
  const waitOne = async (id: string) => {
    const patience = createPatience(GIVE_UP_MS, () => display?.say("tss: connection lost, trying again"));
    const { timeoutMs } = options;
    const task = await waitForEnd(tasks, id, {
      signal: stop.signal,
      patience,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    ended += 1;
    if (task !== undefined) display?.say(endLine(task, paint));
    return task;
  };
  try {
    const results = await Promise.all(ids.map(waitOne));
    process.exitCode = exitCodeOfAll(results);
    return results;
  } finally {
    stop.abort();
    display?.stop();
  }
}

function exitCodeOfAll(results: readonly (Task | undefined)[]): number {
  if (results.includes(undefined)) return EXIT.waitTimeout;
  return results.every((task) => task?.status === TaskStatus.SUCCEEDED) ? EXIT.ok : EXIT.failed;
}
