import type { Lease } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { Cell, Containment } from "../../containment/containment.ts";
import { giveFolder } from "../../journal/given-folder.ts";
import type { Policy } from "../../policy.ts";
import { identify } from "../../processes/identity.ts";
import type { AttemptMark } from "../../processes/sweep.ts";
import { redactEnding } from "../../redaction/redact-ending.ts";
import { nameOf } from "../../users/account.ts";
import type { UserPolicy } from "../../users/choose-user.ts";
import type { Ending, Executor, RunningAttempt } from "../executor.ts";
import { adoptCommand } from "./adopt-command.ts";
import { closedSentence, enterProblem, isSettable } from "./as-user.ts";
import { endingOf, sayLeftOpen } from "./command-ending.ts";
import { planCommand, SHELL } from "./command-line.ts";
import { taskEnvironment } from "./environment.ts";
import type { FifoPool } from "./fifo-pool.ts";
import { type Launched, launch } from "./launch.ts";
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
  readonly containment: Containment;
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
  const as = await runAs(options.users, spec, attempt.taskPath);
  if (as.kind === "refused") return { kind: "rejected", message: as.message };
  const odd = Object.keys(attempt.secrets).find((name) => !isSettable(name));
  if (odd !== undefined)
    return {
      kind: "rejected",
      message: `Agent ${agentName} gives no secret in ${odd}: shells keep that name for themselves.`,
    };
  const unknown = preludeProblem(spec, options.containment.limits, agentName);
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

  const mayStart = (): boolean => {
    if (stop.soft.aborted) return false;
    attempt.starting();
    return true;
  };
  if (user !== undefined) giveFolder(attempt.taskPath, user.account);
  const mark = { taskId: lease.id, token: String(lease.fencingToken) };
  const cell = openCell(options, attempt, mark);
  if ("kind" in cell) return cell;
  const launching = {
    ...{ launcher: options.launcher, statusPath: attempt.path, prelude: prelude(spec, cell.joins) },
    ...{ user, words: [program, ...args], directory, environment },
  };
  const launched = await launchIn(cell, launching, options.pipes, mayStart);
  if (launched === undefined) return { kind: "not_started", stoppedBy: stop.cause ?? "drained" };
  if (launched.kind === "failed") return fail(launched.error);
  const { command } = launched;
  attempt.started(identify(command.pid));

  const readers = readPipes(command, attempt, attempt.redaction);
  const end = await watchCommand(command, readers, stop, mark, cell);
  sayLeftOpen(end, attempt);
  const lastError = readers.lastError();
  if (user !== undefined && enterProblem(end.exit.exitCode, lastError, directory))
    return { kind: "spawn_failed", message: closedSentence(directory, nameOf(user.account), agentName) };
  const unstarted = isShell ? undefined : launchProblem(end.exit.exitCode, program, lastError);
  if (unstarted !== undefined) return failFor(unstarted);
  const started = { line: spec.command, output: files.output, lastError, agentName };
  return endingOf(end, started);
}

/** What is not started leaves no control group behind. */
async function launchIn(cell: Cell, ...how: Parameters<typeof launch>): Promise<Launched | undefined> {
  let launched: Launched | undefined;
  try {
    launched = await launch(...how);
    return launched;
  } finally {
    if (launched?.kind !== "launched") await cell.close();
  }
}

/** The control group of an attempt, where it gets one; or what kept it from being made. */
function openCell(
  { containment, agentName }: CommandExecutorOptions,
  { lease, path }: RunningAttempt,
  { taskId, token }: AttemptMark,
): Cell | Ending {
  try {
    return containment.open(`tss-${taskId}.${token}`, path, lease.spec?.limits ?? {});
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      kind: "spawn_failed",
      message: `Agent ${agentName} could not make a control group for the command (${code ?? message}).`,
    };
  }
}
