import { endLeftGroup } from "../../processes/left-group.ts";
import { leftValues } from "../../redaction/left-values.ts";
import { redactEnding } from "../../redaction/redact-ending.ts";
import { openRedaction, type Redaction } from "../../redaction/redaction.ts";
import type { Ending, LeftAttempt } from "../executor.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { lastLine } from "./error-tail.ts";
import { findLauncher } from "./find-launcher.ts";
import type { LiveCommand } from "./launch.ts";
import { type Exit, readStatus } from "./launcher.ts";
import { readOomKills } from "./oom-counter.ts";
import { readPipes } from "./read-pipes.ts";
import { reopenCommand } from "./reopen.ts";
import { outputPath, readResult } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

interface Adopting {
  readonly agentName: string;
  /** Path of the launcher. */
  readonly launcher: string;
}

/**
 * Takes up a command that an earlier agent started: reads on where that one stopped, passes orders on, and learns how it
 * ends. Undefined: its launcher was killed and has not said how it ended, so nobody will know; or what it writes cannot be
 * looked through for the secrets it was given.
 */
export async function adoptCommand(
  { agentName, launcher }: Adopting,
  attempt: LeftAttempt,
): Promise<(() => Promise<Ending>) | undefined> {
  const mark = { taskId: attempt.id, token: attempt.token };
  const leader = attempt.process ?? (await findLauncher(mark, launcher));
  const values = leader && leftValues(leader.pid, attempt.secretNames);
  const command = values && reopenCommand(leader, attempt.path);
  if (command !== undefined) {
    const redaction = attempt.secretNames.length === 0 ? undefined : openRedaction(values ?? {}, attempt.path);
    return async () => redactEnding(await seeToItsEnd(agentName, command, attempt, redaction), redaction);
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
    return collect(agentName, exit, attempt);
  };
}

async function seeToItsEnd(
  agentName: string,
  command: LiveCommand,
  attempt: LeftAttempt,
  redaction: Redaction | undefined,
): Promise<Ending> {
  const oomKills = readOomKills();
  const readers = readPipes(command, attempt, redaction, attempt.errors);
  const end = await watchCommand(command, readers, attempt.stop, { taskId: attempt.id, token: attempt.token });
  sayLeftOpen(end, attempt);
  const started = factsOf(agentName, attempt, readers.lastError());
  return endingOf(end, started, (readOomKills() ?? 0) > (oomKills ?? Number.POSITIVE_INFINITY));
}

/** It ended, and the earlier agent had read all it wrote. */
function collect(agentName: string, exit: Exit, attempt: LeftAttempt): Ending {
  const end = { exit, stoppedBy: attempt.stop.cause, survivors: 0, outputLeftOpen: false };
  return endingOf(end, factsOf(agentName, attempt, lastLine(attempt.errors)), false);
}

function factsOf(agentName: string, { line, taskPath }: LeftAttempt, lastError: string) {
  return { line, output: outputPath(taskPath), lastError, agentName };
}
