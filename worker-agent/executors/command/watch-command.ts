import { aborted, within } from "../../../runtime/wait.ts";
import { endGroup } from "../../processes/end-group.ts";
import { type ProcessGroup, processGroup } from "../../processes/group.ts";
import { type AttemptMark, sweepMarked } from "../../processes/sweep.ts";
import type { Stop, StopCause } from "../../stop.ts";
import type { Exit } from "./launch.ts";
import type { PipeReaders } from "./read-pipes.ts";

export interface WatchedEnd {
  readonly exit: Exit;
  /** The order that was out when the command ended. */
  readonly stoppedBy: StopCause | undefined;
  readonly survivors: number;
  /** Somebody held a pipe longer than the agent waits. */
  readonly outputLeftOpen: boolean;
}

/** How long what a command left behind may go on: to write its last lines, then to heed SIGTERM. */
const LINGER_MS = 2_000;

/**
 * Waits for a command and sees to it that its group ends with it.
 *
 * A command has ended when the process that was started has: its exit code is the attempt's. What it left running in its
 * group (`server &`, a `tee` behind it) gets 2 s to finish, then SIGTERM, then after 2 s SIGKILL, as service managers
 * do it. What left the group with setsid is a daemon on purpose and lives on, unless the attempt was stopped: then
 * whatever carries its mark is killed and counted as a survivor.
 */
export async function watchCommand(
  launched: { readonly pid: number; readonly exited: Promise<Exit> },
  readers: PipeReaders,
  stop: Stop,
  mark: AttemptMark,
): Promise<WatchedEnd> {
  const group = processGroup(launched.pid);
  const stopped = aborted(stop.soft).then(() => endGroup(group, stop.hard));
  const exit = await launched.exited;
  const stoppedBy = stop.cause;
  let survivors = 0;
  if (stoppedBy === undefined) await endLeftovers(group, readers, stop);
  else {
    await stopped;
    survivors = await sweepMarked(mark);
  }
  await within(readers.ended, LINGER_MS);
  const outputLeftOpen = readers.close();
  await readers.ended;
  return { exit, stoppedBy, survivors, outputLeftOpen };
}

async function endLeftovers(group: ProcessGroup, readers: PipeReaders, stop: Stop): Promise<void> {
  if (!group.alive()) return;
  const patience = AbortSignal.any([AbortSignal.timeout(LINGER_MS), stop.soft]);
  await Promise.race([Promise.all([group.gone(patience), readers.ended]), aborted(patience)]);
  if (group.alive()) await endGroup(group, AbortSignal.any([AbortSignal.timeout(LINGER_MS), stop.hard]));
}
