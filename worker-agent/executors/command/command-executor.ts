import { resolve } from "node:path";
import type { Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { Policy } from "../../policy.ts";
import { identify } from "../../processes/identity.ts";
import type { Ending, Executor, RunningAttempt } from "../executor.ts";
import { planCommand } from "./command-line.ts";
import { taskEnvironment } from "./environment.ts";
import type { FifoPool } from "./fifo-pool.ts";
import { launch } from "./launch.ts";
import { readOomKills } from "./oom-counter.ts";
import { readPipes } from "./read-pipes.ts";
import { directoryProblem, resolveProgram, shellProblem, spawnSentence } from "./spawn-problem.ts";
import { prepareFiles, readResult, writeScript } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

export interface CommandExecutorOptions {
  readonly agentName: string;
  readonly policy: Policy;
  /** Of the agent; what tasks see of it is decided here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pipes: FifoPool;
}

/** A shell gives 128 + 9 for a program that SIGKILL ended. */
const KILLED_IN_SHELL = 137;

/** Runs shell lines and programs, each in its own process group. */
export function createCommandExecutor(options: CommandExecutorOptions): Executor {
  return {
    name: "command",
    accepts: (lease: Lease) => lease.spec !== undefined && (lease.spec.command !== "" || lease.spec.argv.length > 0),
    run: (attempt) => runCommand(options, attempt),
    close: async () => options.pipes.close(),
  };
}

async function runCommand(options: CommandExecutorOptions, attempt: RunningAttempt): Promise<Ending> {
  const { agentName } = options;
  const { lease, stop } = attempt;
  const spec = lease.spec;
  if (spec === undefined) return { kind: "rejected", message: "The lease names no command." };
  const line = planCommand(spec, options.policy, agentName);
  if (line.kind === "refused") return { kind: "rejected", message: line.message };
  const directory = resolve(spec.workingDirectory || process.cwd());
  const problem = directoryProblem(directory, agentName);
  if (problem !== undefined) return { kind: "spawn_failed", message: problem };

  const files = prepareFiles(attempt.taskPath, spec);
  const environment = taskEnvironment(options.environment, attempt, directory, files);
  const path = environment["PATH"] ?? "";
  const program = line.resolve ? resolveProgram(line.program, path) : line.program;
  const fail = (error: NodeJS.ErrnoException): Ending => ({
    kind: "spawn_failed",
    message: spawnSentence(line.program, path, error, agentName),
  });
  if (program === undefined) return fail(Object.assign(new Error("not found"), { code: "ENOENT" }));
  const args = line.script === undefined ? line.args : [writeScript(attempt.taskPath, line.script)];

  const oomKills = readOomKills();
  const mayStart = (): boolean => {
    if (stop.soft.aborted) return false;
    attempt.starting();
    return true;
  };
  const launched = await launch({ program, args, directory, environment }, options.pipes, mayStart);
  if (launched === undefined) return { kind: "not_started", stoppedBy: stop.cause ?? "drained" };
  if (launched.kind === "failed") return fail(launched.error);
  attempt.started(identify(launched.pid));

  const readers = readPipes(launched, attempt);
  const mark = { taskId: lease.id, token: String(lease.fencingToken) };
  const { exit, stoppedBy, survivors, outputLeftOpen } = await watchCommand(launched, readers, stop, mark);
  if (outputLeftOpen)
    attempt.message(
      "A process that left the command's group still holds its output; what it writes from now on is not kept.",
    );

  const lastError = readers.lastError();
  const killed = exit.signal === "SIGKILL" || exit.exitCode === KILLED_IN_SHELL;
  return {
    kind: "ended",
    ...exit,
    stoppedBy,
    outOfMemory: killed && stoppedBy === undefined && (readOomKills() ?? 0) > (oomKills ?? Number.POSITIVE_INFINITY),
    notStartedByShell:
      spec.command === "" ? undefined : shellProblem(exit.exitCode, spec.command, lastError, agentName),
    survivors,
    result: readResult(files.output),
    lastError,
  };
}
