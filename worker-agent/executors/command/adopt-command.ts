import type { Cell, Containment } from "../../containment/containment.ts";
import { endLeftGroup } from "../../processes/left-group.ts";
import type { Ending, LeftAttempt } from "../executor.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { lastLine } from "./error-tail.ts";
import { findLauncher } from "./find-launcher.ts";
import type { LiveCommand } from "./launch.ts";
import { readStatus } from "./launcher.ts";
import { readPipes } from "./read-pipes.ts";
import { reopenCommand } from "./reopen.ts";
import { outputPath } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

interface Adopting {
  readonly agentName: string;
  /** Path of the launcher. */
  readonly launcher: string;
  readonly containment: Containment;
}

/**
 * Takes up a command that an earlier agent started: reads on where that one stopped, passes orders on, and learns how it
 * ends. Undefined: its launcher was killed and has not said how it ended, so nobody will know.
 */
export async function adoptCommand(
  { agentName, launcher, containment }: Adopting,
  attempt: LeftAttempt,
): Promise<(() => Promise<Ending>) | undefined> {
  const mark = { taskId: attempt.id, token: attempt.token };
  const leader = attempt.process ?? (await findLauncher(mark, launcher));
  const command = leader && reopenCommand(leader, attempt.path);
  const cell = containment.find(attempt.path);
  if (command !== undefined) return () => seeToItsEnd(agentName, command, attempt, cell);
  const exit = readStatus(attempt.path);
  if (exit === undefined) return undefined;
  return async () => {
    await endLeftGroup(leader, mark);
    const survivors = await cell.kill();
    const memoryShort = cell.isMemoryShort();
    await cell.close();
    const end = { exit, stoppedBy: attempt.stop.cause, survivors, outputLeftOpen: false, memoryShort };
    // The earlier agent had read all it wrote.
    return endingOf(end, factsOf(agentName, attempt, lastLine(attempt.errors)));
  };
}

async function seeToItsEnd(agentName: string, command: LiveCommand, attempt: LeftAttempt, cell: Cell): Promise<Ending> {
  const readers = readPipes(command, attempt, attempt.errors);
  const mark = { taskId: attempt.id, token: attempt.token };
  const end = await watchCommand(command, readers, attempt.stop, mark, cell);
  sayLeftOpen(end, attempt);
  const started = factsOf(agentName, attempt, readers.lastError());
  return endingOf(end, started);
}

function factsOf(agentName: string, { line, taskPath }: LeftAttempt, lastError: string) {
  return { line, output: outputPath(taskPath), lastError, agentName };
}
