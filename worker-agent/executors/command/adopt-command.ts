import type { Cell, Containment } from "../../containment/containment.ts";
import { endLeftGroup } from "../../processes/left-group.ts";
import { leftValues } from "../../redaction/left-values.ts";
import { redactEnding } from "../../redaction/redact-ending.ts";
import { openRedaction, type Redaction } from "../../redaction/redaction.ts";
import type { Ending, LeftAttempt } from "../executor.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { lastLine } from "./error-tail.ts";
import { findLauncher } from "./find-launcher.ts";
import type { LiveCommand } from "./launch.ts";
import { readStatus } from "./launcher.ts";
import { readPipes } from "./read-pipes.ts";
import { reopenCommand } from "./reopen.ts";
import { outputPath, readResult } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

interface Adopting {
  readonly agentName: string;
  /** Path of the launcher. */
  readonly launcher: string;
  readonly containment: Containment;
}

/**
 * Takes up a command that an earlier agent started: reads on where that one stopped, passes orders on, and learns how it
 * ends. Undefined: its launcher was killed and has not said how it ended, so nobody will know; or what it writes cannot be
 * looked through for the secrets it was given.
 */
export async function adoptCommand(
  { agentName, launcher, containment }: Adopting,
  attempt: LeftAttempt,
): Promise<(() => Promise<Ending>) | undefined> {
  const mark = { taskId: attempt.id, token: attempt.token };
  const leader = attempt.process ?? (await findLauncher(mark, launcher));
  const values = leader && leftValues(leader.pid, attempt.secretNames);
  const command = values && reopenCommand(leader, attempt.path);
  const cell = containment.find(attempt.path);
  if (command !== undefined) {
    const redaction = attempt.secretNames.length === 0 ? undefined : openRedaction(values ?? {}, attempt.path);
    return async () => redactEnding(await seeToItsEnd(agentName, command, attempt, redaction, cell), redaction);
  }
  const exit = readStatus(attempt.path);
  // Nobody knows any more what would have to be masked in a result.
  if (
    exit === undefined ||
    (attempt.secretNames.length > 0 && readResult(outputPath(attempt.taskPath)).kind !== "none")
  )
    return undefined;
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

async function seeToItsEnd(
  agentName: string,
  command: LiveCommand,
  attempt: LeftAttempt,
  redaction: Redaction | undefined,
  cell: Cell,
): Promise<Ending> {
  const readers = readPipes(command, attempt, redaction, attempt.errors);
  const mark = { taskId: attempt.id, token: attempt.token };
  const end = await watchCommand(command, readers, attempt.stop, mark, cell);
  sayLeftOpen(end, attempt);
  const started = factsOf(agentName, attempt, readers.lastError());
  return endingOf(end, started);
}

function factsOf(agentName: string, { line, taskPath }: LeftAttempt, lastError: string) {
  return { line, output: outputPath(taskPath), lastError, agentName };
}
