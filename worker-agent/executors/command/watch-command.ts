import { aborted, within } from "../../../runtime/wait.ts";
import type { Cell } from "../../containment/containment.ts";
import { askGroup, endGroup, outlastGroup } from "../../processes/end-group.ts";
import { type Family, watchFamily } from "../../processes/family.ts";
import { type ProcessGroup, processGroup } from "../../processes/group.ts";
import { type AttemptMark, sweepMarked } from "../../processes/sweep.ts";
import type { Stop, StopCause } from "../../stop.ts";
import type { LiveCommand } from "./launch.ts";
import type { Exit } from "./launcher.ts";
import type { PipeReaders } from "./read-pipes.ts";

export interface WatchedEnd {
  readonly exit: Exit;
  /** The order that was out when the command ended. */
  readonly stoppedBy: StopCause | undefined;
  readonly survivors: number;
  /** Somebody held a pipe longer than the agent waits. */
  readonly outputLeftOpen: boolean;
  /** The kernel has ended something for want of memory since it began. */
  readonly memoryShort: boolean;
}

/** How long what a command left behind may go on: to write its last lines, then to heed SIGTERM. */
const LINGER_MS = 2_000;

/**
 * Waits for a command and sees to it that its group ends with it.
 *
 * A command has ended when the process that was started has: its exit code is the attempt's. What it left running in its
 * group (`server &`, a `tee` behind it) gets 2 s to finish, then SIGTERM, then after 2 s SIGKILL, as service managers
 * do it. What left the group with setsid is a daemon on purpose and lives on, unless the attempt was stopped, or has a
 * control group: then what is in that, descends from the command or carries its mark is killed and counted as a survivor.
 */
export async function watchCommand(
  command: Pick<LiveCommand, "pid" | "armed" | "ended" | "release">,
  readers: PipeReaders,
  stop: Stop,
  mark: AttemptMark,
  cell: Cell,
): Promise<WatchedEnd> {
  const group = processGroup(command.pid);
  const over = new AbortController();
  const family = watchFamily(command.pid);
  void orderEnd(group, command.armed, stop, family, over.signal);
  const said = await command.ended;
  over.abort();
  const stoppedBy = stop.cause;
  let survivors = 0;
  if (stoppedBy === undefined) {
    await endLeftovers(command, group, readers, stop);
    survivors = await cell.kill();
  } else {
    await command.release();
    await outlastGroup(group, stop.hard);
    survivors = (await cell.kill()) + (await family.killEscaped()) + (await sweepMarked(mark));
    await within(readers.ended, LINGER_MS);
  }
  const memoryShort = cell.isMemoryShort();
  await cell.close();
  const outputLeftOpen = readers.close();
  await readers.ended;
  return { exit: exitOf(said, stop), stoppedBy, survivors, outputLeftOpen, memoryShort };
}

/** Passes an order to end on to the group, and its second part, for as long as the command has not ended. */
async function orderEnd(
  group: ProcessGroup,
  armed: Promise<void>,
  stop: Stop,
  family: Family,
  over: AbortSignal,
): Promise<void> {
  const isOver = aborted(over);
  await Promise.race([aborted(stop.soft), isOver]);
  const hard = aborted(stop.hard);
  await Promise.race([armed, hard, isOver]);
  if (over.aborted) return;
  family.look();
  if (!stop.hard.aborted) askGroup(group);
  await Promise.race([hard, isOver]);
  if (!over.aborted) group.signal("SIGKILL");
}

/** SIGKILL to the group ends the launcher too: nobody is left to say what the agent knows. */
function exitOf(said: Exit, stop: Stop): Exit {
  const isUnknown = said.exitCode === undefined && said.signal === undefined;
  return isUnknown && stop.hard.aborted ? { exitCode: undefined, signal: "SIGKILL" } : said;
}

async function endLeftovers(
  command: Pick<LiveCommand, "release">,
  group: ProcessGroup,
  readers: PipeReaders,
  stop: Stop,
): Promise<void> {
  const patience = AbortSignal.any([AbortSignal.timeout(LINGER_MS), stop.soft]);
  await Promise.race([readers.ended, aborted(patience)]);
  // Not before: with its launcher goes what is in the pipes, should this agent be killed now.
  await command.release();
  if (!group.alive()) return;
  await Promise.race([Promise.all([group.gone(patience), readers.ended]), aborted(patience)]);
  if (!group.alive()) return;
  await endGroup(group, AbortSignal.any([AbortSignal.timeout(LINGER_MS), stop.hard]));
  await within(readers.ended, LINGER_MS);
}
