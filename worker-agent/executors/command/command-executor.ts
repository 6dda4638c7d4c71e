import { resolve } from "node:path";
import type { Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { Policy } from "../../policy.ts";
import { identify } from "../../processes/identity.ts";
import { redactEnding } from "../../redaction/redact-ending.ts";
import type { Ending, Executor, RunningAttempt } from "../executor.ts";
import { adoptCommand } from "./adopt-command.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { planCommand, SHELL } from "./command-line.ts";
import { taskEnvironment } from "./environment.ts";
import type { FifoPool } from "./fifo-pool.ts";
import { launch } from "./launch.ts";
import { readOomKills } from "./oom-counter.ts";
import { readPipes } from "./read-pipes.ts";
import { directoryProblem, launchProblem, programProblem, resolveProgram, spawnSentence } from "./spawn-problem.ts";
import { prepareFiles, writeScript } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

export interface CommandExecutorOptions {
  readonly agentName: string;
  readonly policy: Policy;
  /** Of the agent; what tasks see of it is decided here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pipes: FifoPool;
  /** Path of the launcher that commands run under. */
  readonly launcher: string;
}

/** Runs shell lines and programs, each in its own process group. */
export function createCommandExecutor(options: CommandExecutorOptions): Executor {
  return {
    name: "command",
    accepts: (lease: Lease) => lease.spec !== undefined && (lease.spec.command !== "" || lease.spec.argv.length > 0),
    run: async (attempt) => redactEnding(await runCommand(options, attempt), attempt.redaction),
    adopt: (attempt) => adoptCommand(options, attempt),
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
  const fail = (error: NodeJS.ErrnoException): Ending => ({
    kind: "spawn_failed",
    message: spawnSentence(line.program, path, error, agentName),
  });
  const failFor = (code: string): Ending => fail(Object.assign(new Error(code), { code }));
  const isShell = line.program === SHELL;
  const missing = isShell ? undefined : programProblem(line.program, path, directory);
  if (missing !== undefined) return failFor(missing);
  const program = line.resolve ? (resolveProgram(line.program, path, directory) ?? line.program) : line.program;
  const args = line.script === undefined ? line.args : [writeScript(attempt.taskPath, line.script)];

  const oomKills = readOomKills();
  const mayStart = (): boolean => {
    if (stop.soft.aborted) return false;
    attempt.starting();
    return true;
  };
  const launching = { launcher: options.launcher, statusPath: attempt.path, program, args, directory, environment };
  const launched = await launch(launching, options.pipes, mayStart);
  if (launched === undefined) return { kind: "not_started", stoppedBy: stop.cause ?? "drained" };
  if (launched.kind === "failed") return fail(launched.error);
  const { command } = launched;
  attempt.started(identify(command.pid));

  const readers = readPipes(command, attempt, attempt.redaction);
  const mark = { taskId: lease.id, token: String(lease.fencingToken) };
  const end = await watchCommand(command, readers, stop, mark);
  sayLeftOpen(end, attempt);
  const lastError = readers.lastError();
  const unstarted = isShell ? undefined : launchProblem(end.exit.exitCode, program, lastError);
  if (unstarted !== undefined) return failFor(unstarted);
  const started = { line: spec.command, output: files.output, lastError, agentName };
  return endingOf(end, started, (readOomKills() ?? 0) > (oomKills ?? Number.POSITIVE_INFINITY));
}
