import type { Task } from "../../proto/gen/tss/v1/task_pb.js";
import { followOutput, type OutputPiece } from "../../sdk/typescript/client/follow-output.ts";
import { createPatience } from "../../sdk/typescript/client/patience.ts";
import type { Tasks } from "../../sdk/typescript/client/tasks.ts";
import { readTask, waitForEnd } from "../../sdk/typescript/client/wait-for-end.ts";
import { beforeBrokenPipeEnds } from "../broken-pipe.ts";
import { QuietExit } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../render/printable.ts";
import { exitCodeOfTask } from "./exit-code.ts";
import { listenForInterrupts } from "./interrupts.ts";

/** Longest time without a coordinator before following ends with UNAVAILABLE. */
const GIVE_UP_MS = 300_000;
/** A task that has ended is not waited for longer when no more of its output comes. */
const OUTPUT_IDLE_MS = 10_000;
/** After this long without a worker the reason is told. */
const EXPLAIN_AFTER_MS = 5_000;

export interface FollowOptions {
  readonly write: (piece: OutputPiece) => Promise<void>;
  /** A remark for people. */
  readonly note: (text: string) => void;
  /** Whether remarks are wanted that say nothing is wrong. */
  readonly talkative: boolean;
}

/**
 * Follows a task to its end, from the first byte of its output. Ctrl-C cancels it; a second Ctrl-C leaves it.
 * @returns the ended task and the exit code it stands for.
 * @throws QuietExit when the user left it.
 */
export async function followTask(
  tasks: Tasks,
  id: string,
  options: FollowOptions,
): Promise<{ task: Task; exitCode: number }> {
  const { note, talkative } = options;
  const interrupts = listenForInterrupts((signal) => {
    note(signal === "SIGINT" ? `tss: cancelling ${id}; Ctrl-C again leaves it to itself` : `tss: cancelling ${id}`);
    tasks
      .cancelTasks({ ids: [id] })
      .catch((error: Error) => note(`tss: ${id} could not be cancelled: ${error.message}`));
  });
  // Whoever read the output has gone: what nobody reads is not to run on, as with any command behind a pipe.
  const keepRunning = beforeBrokenPipeEnds(() => tasks.cancelTasks({ ids: [id] }));
  const patience = () => createPatience(GIVE_UP_MS, () => talkative && note("tss: connection lost, trying again"));
  const outputDone = new AbortController();
  const signal = AbortSignal.any([interrupts.leave, outputDone.signal]);
  const explaining = setTimeout(() => explainDelay(tasks, id, note), EXPLAIN_AFTER_MS);
  let idle: NodeJS.Timeout | undefined;
  const stopWhenIdle = () => {
    clearTimeout(idle);
    idle = setTimeout(() => outputDone.abort(), OUTPUT_IDLE_MS);
  };
  const ended = waitForEnd(tasks, id, { signal: interrupts.leave, patience: patience() });
  ended.then(stopWhenIdle, () => outputDone.abort());
  try {
    await ignoreAbort(outputDone.signal, async () => {
      for await (const piece of followOutput(tasks, id, signal, patience())) {
        clearTimeout(explaining);
        if (idle !== undefined) stopWhenIdle();
        await options.write(piece);
      }
    });
    const known = await ended;
    // Read anew: a wait need not tell of the attempts, and the signal that ended one is there. A coordinator that has gone
    // since then has told the end all the same.
    const task = await readTask(tasks, id).catch((error: unknown) => {
      if (known === undefined) throw error;
      return known;
    });
    return { task, exitCode: interrupts.exitCode ?? exitCodeOfTask(task) };
  } catch (error) {
    if (!interrupts.leave.aborted) {
      note(`tss: ${id} is not followed any more and may go on; "tss task logs ${id} -f" follows it again`);
      throw error;
    }
    note(`tss: left; "tss task status ${id}" shows how it goes on`);
    throw new QuietExit(interrupts.exitCode ?? EXIT.interrupted);
  } finally {
    clearTimeout(explaining);
    clearTimeout(idle);
    interrupts.stop();
    keepRunning();
  }
}

async function ignoreAbort(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Says why nothing happens; a task that has begun is only quiet. */
async function explainDelay(tasks: Tasks, id: string, note: (text: string) => void): Promise<void> {
  try {
    const { task } = await tasks.getTask({ id });
    if (task === undefined || task.attempt > 0) return;
    const { summary } = await tasks.explainTask({ id });
    note(`tss: ${id} is waiting: ${printable(summary)}`);
  } catch {
    // Only a remark; following itself tells when the coordinator is away.
  }
}
