import type { Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { giveFolder } from "../../journal/given-folder.ts";
import type { Policy } from "../../policy.ts";
import { identify } from "../../processes/identity.ts";
import { nameOf } from "../../users/account.ts";
import type { UserPolicy } from "../../users/choose-user.ts";
import type { Ending, Executor, RunningAttempt } from "../executor.ts";
import { adoptCommand } from "./adopt-command.ts";
import { closedSentence, enterProblem } from "./as-user.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { planCommand, SHELL } from "./command-line.ts";
import { taskEnvironment } from "./environment.ts";
import type { FifoPool } from "./fifo-pool.ts";
import { launch } from "./launch.ts";
import { readOomKills } from "./oom-counter.ts";
import { prelude, preludeProblem } from "./prelude.ts";
import { readPipes } from "./read-pipes.ts";
import { runAs } from "./run-as.ts";
import { directoryProblem, launchProblem, programProblem, resolveProgram, spawnSentence } from "./spawn-problem.ts";
import { prepareFiles, writeScript } from "./task-files.ts";
import { watchCommand } from "./watch-command.ts";

export interface CommandExecutorOptions {
  readonly agentName: string;
  readonly policy: Policy;
  readonly users: UserPolicy;
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
    run: (attempt) => runCommand(options, attempt),
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
  const as = await runAs(options.users, spec, attempt.taskPath);
  if (as.kind === "refused") return { kind: "rejected", message: as.message };
  const unknown = preludeProblem(spec, new Set(), agentName);
  if (unknown !== undefined) return { kind: "rejected", message: unknown };
  const { user, directory } = as;
  // Of another user's directories and programs the agent, who may see everything, finds nothing out.
  const problem = user === undefined ? directoryProblem(directory, agentName) : undefined;
  if (problem !== undefined) return { kind: "spawn_failed", message: problem };

  const files = prepareFiles(attempt.taskPath, spec);
  const environment = taskEnvironment(options.environment, attempt, directory, files, user?.account);
  const path = environment["PATH"] ?? "";
  const fail = (error: NodeJS.ErrnoException): Ending => ({
    kind: "spawn_failed",
    message: spawnSentence(line.program, path, error, agentName),
  });
  const failFor = (code: string): Ending => fail(Object.assign(new Error(code), { code }));
  const isShell = line.program === SHELL;
  const missing = isShell || user !== undefined ? undefined : programProblem(line.program, path, directory);
  if (missing !== undefined) return failFor(missing);
  const program = line.resolve ? (resolveProgram(line.program, path, directory) ?? line.program) : line.program;
  const args = line.script === undefined ? line.args : [writeScript(attempt.taskPath, line.script)];

  const oomKills = readOomKills();
  const mayStart = (): boolean => {
    if (stop.soft.aborted) return false;
    attempt.starting();
    return true;
  };
  if (user !== undefined) giveFolder(attempt.taskPath, user.account);
  const launching = {
    ...{ launcher: options.launcher, statusPath: attempt.path, prelude: prelude(spec, []) },
    ...{ user, words: [program, ...args], directory, environment },
  };
  const launched = await launch(launching, options.pipes, mayStart);
  if (launched === undefined) return { kind: "not_started", stoppedBy: stop.cause ?? "drained" };
  if (launched.kind === "failed") return fail(launched.error);
  const { command } = launched;
  attempt.started(identify(command.pid));

  const readers = readPipes(command, attempt);
  const mark = { taskId: lease.id, token: String(lease.fencingToken) };
  const end = await watchCommand(command, readers, stop, mark);
  sayLeftOpen(end, attempt);
  const lastError = readers.lastError();
  if (user !== undefined && enterProblem(end.exit.exitCode, lastError, directory))
    return { kind: "spawn_failed", message: closedSentence(directory, nameOf(user.account), agentName) };
  const unstarted = isShell ? undefined : launchProblem(end.exit.exitCode, program, lastError);
  if (unstarted !== undefined) return failFor(unstarted);
  const started = { line: spec.command, output: files.output, lastError, agentName };
  return endingOf(end, started, (readOomKills() ?? 0) > (oomKills ?? Number.POSITIVE_INFINITY));
}
