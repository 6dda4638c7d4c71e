import { durationMs } from "@bufbuild/protobuf/wkt";
import { AgentRestart, type TaskSpec } from "../proto/gen/tss/v1/task_pb.js";
import type { Lease } from "../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { TaskTracer } from "../runtime/tracing.ts";
import type { WorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { type AttemptLife, beginLife, type LifeTerms } from "./attempt-life.ts";
import type { Containment } from "./containment/containment.ts";
import { startOfLine } from "./executors/command/spawn-problem.ts";
import type { Ending, Executor, RunningAttempt } from "./executors/executor.ts";
import type { HeldAttempts } from "./held.ts";
import { type AttemptDir, type AttemptRecord, createAttemptDir } from "./journal/attempt-dir.ts";
import { judge } from "./outcome.ts";
import { bootId } from "./processes/identity.ts";
import { sinceBoot } from "./processes/machine-clock.ts";
import { openRedaction, unmasked } from "./redaction/redaction.ts";
import { outcomeReport } from "./report.ts";
import { type SecretSource, takeSecrets } from "./secrets.ts";
import { type AttemptTrace, traceAttempt } from "./trace-attempt.ts";
import type { Turnstile } from "./turnstile.ts";

/** What running an attempt needs of its agent. */
export interface AttemptHost {
  readonly agentName: string;
  readonly attemptsPath: string;
  readonly logLimit: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: TaskTracer;
  readonly executors: readonly Executor[];
  readonly containment: Containment;
  readonly held: HeldAttempts;
  readonly turnstile: Turnstile;
  readonly secrets: SecretSource;
  session(): WorkSession;
}

/**
 * The life of one attempt: held, started, executed, ended, judged, journalled, reported, forgotten.
 * @param freed called when its slot is free, which is before the outcome is acknowledged.
 */
export async function runAttempt(host: AttemptHost, lease: Lease, freed: () => void): Promise<void> {
  const { clock, logger } = host;
  const terms = termsOf(lease);
  const place = preparePlace(host, terms);
  if (place === undefined) return;
  const { dir, life } = place;
  const { stop } = life;
  let record: AttemptRecord | undefined;
  let ending: Ending;
  let trace: AttemptTrace | undefined;
  if (await host.turnstile.enter(stop.soft)) {
    trace = traceAttempt(host.tracer, lease, host.session().sessionId(), clock.now());
    ending = await execute(host, {
      ...life.voice,
      lease,
      path: dir.path,
      taskPath: dir.taskPath,
      traceparent: trace.traceparent,
      stop,
      starting() {
        record = recordOf(lease, terms, clock.now());
        // Nothing may run of which a later agent would not know: without it the attempt fails.
        dir.record(record);
      },
      started(process) {
        if (record === undefined) return;
        life.started(record.startedAt, 0);
        try {
          if (process !== undefined) dir.record({ ...record, process });
        } catch (error) {
          // It is found by its mark, too.
          logger.warn({ task: lease.id, error }, "an attempt's record could not be written to the agent's directory");
        }
      },
    });
    host.turnstile.leave();
  } else ending = { kind: "not_started", stoppedBy: stop.cause ?? "drained" };
  const begun = record === undefined ? {} : { startedAt: record.startedAt };
  await life.conclude(ending, { ...begun, ended: (report, endedAt) => trace?.ended(report, endedAt) }, freed);
}

function termsOf({ id, fencingToken, cancelGrace, timeout, spec }: Lease): LifeTerms {
  const grace = cancelGrace ?? spec?.cancelGrace;
  return {
    id,
    fencingToken,
    graceMs: grace === undefined ? LIMITS.cancelGraceDefaultMs : durationMs(grace),
    timeoutMs: timeout === undefined ? undefined : durationMs(timeout),
  };
}

function recordOf({ spec, attempt }: Lease, terms: LifeTerms, startedAt: number): AttemptRecord {
  const { id, fencingToken, graceMs, timeoutMs } = terms;
  return {
    ...{ taskId: id, token: String(fencingToken), attempt, startedAt, graceMs },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    startedTick: sinceBoot(),
    bootId: bootId(),
    onRestart: spec?.onAgentRestart === AgentRestart.KILL ? "kill" : "adopt",
    line: startOfLine(spec?.command ?? ""),
    ...(hasSecrets(spec) ? { secretNames: Object.keys(spec?.secrets ?? {}) } : {}),
  };
}

/** Where the attempt keeps its files. Without one nothing could be promised of it: it fails before it starts. */
function preparePlace(
  host: AttemptHost,
  terms: LifeTerms,
): { readonly dir: AttemptDir; readonly life: AttemptLife } | undefined {
  const { id, fencingToken } = terms;
  try {
    const dir = createAttemptDir(host.attemptsPath, id, String(fencingToken));
    return { dir, life: beginLife(host, dir, terms) };
  } catch (error) {
    host.logger.error({ task: id, error }, "an attempt has no directory");
    const detail = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const message = `Agent ${host.agentName} could not make a directory for the attempt (${detail}).`;
    const facts = { id, fencingToken, endedAt: host.clock.now(), outputBytes: 0 };
    host.session().outcome(outcomeReport(facts, judge({ kind: "spawn_failed", message }, host.agentName)));
    return undefined;
  }
}

function hasSecrets(spec: TaskSpec | undefined): boolean {
  for (const _ in spec?.secrets) return true;
  return false;
}

async function execute(host: AttemptHost, attempt: Omit<RunningAttempt, "secrets" | "redaction">): Promise<Ending> {
  const { lease, stop } = attempt;
  const executor = host.executors.find((candidate) => candidate.accepts(lease));
  if (executor === undefined)
    return {
      kind: "rejected",
      message: `Agent ${host.agentName} runs commands only; tasks of type "${lease.spec?.type}" need a worker that handles it.`,
    };
  try {
    if (!hasSecrets(lease.spec)) return await executor.run({ ...attempt, secrets: {} });
    const taken = await takeSecrets(host.secrets, lease, stop);
    if ("ending" in taken) return taken.ending;
    const secrets = taken.values;
    for (const name of unmasked(secrets))
      attempt.message(
        `The secret in ${name} has fewer than ${LIMITS.maskedCharacters} characters and is not masked in output.`,
      );
    return await executor.run({ ...attempt, secrets, redaction: openRedaction(secrets, attempt.path) });
  } catch (error) {
    return brokenEnding(host, lease.id, error);
  }
}

/** An executor that fails is the agent's failure: it is said as such, and the attempt ends. */
export function brokenEnding({ agentName, logger }: AttemptHost, task: string, error: unknown): Ending {
  logger.error({ task, error }, "an attempt could not be run");
  const detail = (error as NodeJS.ErrnoException).code ?? "an unexpected error";
  return { kind: "spawn_failed", message: `Agent ${agentName} could not run the command (${detail}).` };
}
