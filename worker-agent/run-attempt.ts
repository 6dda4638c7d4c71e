import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Lease } from "../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../proto/limits.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import type { TaskTracer } from "../runtime/tracing.ts";
import { abortableWait } from "../runtime/wait.ts";
import { createProgressReporter } from "../sdk/typescript/worker/progress-reporter.ts";
import type { WorkSession } from "../sdk/typescript/worker/work-session-types.ts";
import { openOutput } from "./attempt-output.ts";
import { createDelivery } from "./delivery.ts";
import type { Ending, Executor } from "./executors/executor.ts";
import type { HeldAttempts } from "./held.ts";
import { type AttemptDir, createAttemptDir } from "./journal/attempt-dir.ts";
import { judge } from "./outcome.ts";
import type { ProcessIdentity } from "./processes/identity.ts";
import { outcomeReport } from "./report.ts";
import { createStop } from "./stop.ts";
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
  readonly held: HeldAttempts;
  readonly turnstile: Turnstile;
  session(): WorkSession;
}

/**
 * The life of one attempt: held, started, executed, ended, judged, journalled, reported, forgotten.
 * @param ended called when its slot is free, which is before the outcome is acknowledged.
 */
export async function runAttempt(host: AttemptHost, lease: Lease, ended: () => void): Promise<void> {
  const { clock, held, logger } = host;
  const { id, fencingToken } = lease;
  const place = preparePlace(host, lease);
  if (place === undefined) return;
  const { dir, output } = place;
  const stop = createStop();
  const delivery = createDelivery(output.shipper, (report) => host.session().outcome(report));
  const grace = lease.cancelGrace ?? lease.spec?.cancelGrace;
  const graceMs = grace === undefined ? LIMITS.cancelGraceDefaultMs : durationMs(grace);
  const progress = createProgressReporter(id, fencingToken, (report) => host.session().progress(report));
  let startedAt: number | undefined;
  const timeout = new AbortController();
  const sayStarted = (): void => {
    if (startedAt !== undefined) host.session().started({ id, fencingToken, startedAt: timestampFromMs(startedAt) });
  };
  const resend = (): void => {
    if (running) sayStarted();
    delivery.resend();
  };
  let running = false;
  held.add({ id, fencingToken, shipper: output.shipper, delivery, resend, stop, graceMs });
  const record = (process?: ProcessIdentity): void =>
    keepRecord(dir, logger, { taskId: id, token: String(fencingToken), attempt: lease.attempt, startedAt, process });

  let ending: Ending;
  let trace: AttemptTrace | undefined;
  if (await host.turnstile.enter(stop.soft)) {
    trace = traceAttempt(host.tracer, lease, host.session().sessionId(), clock.now());
    ending = await execute(host, {
      lease,
      taskPath: dir.taskPath,
      traceparent: trace.traceparent,
      stop,
      starting() {
        startedAt = clock.now();
        record();
      },
      started(process) {
        record(process);
        running = true;
        if (lease.timeout !== undefined)
          void abortableWait(durationMs(lease.timeout), timeout.signal).then((isOver) => {
            if (isOver) stop.order("timed_out", graceMs);
          });
        sayStarted();
      },
      output: (stream, data) => output.collector.push(stream, data),
      progress: (percent, message) => progress.progress(percent, message),
      message: (text) => progress.message(text),
      heartbeat: () => progress.heartbeat(),
    });
    host.turnstile.leave();
  } else ending = { kind: "not_started", stoppedBy: stop.cause ?? "drained" };

  const endedAt = clock.now();
  running = false;
  timeout.abort();
  stop.close();
  progress.close();
  const outputBytes = output.finish();
  const neverStarted = ending.kind === "not_started" || ending.kind === "rejected";
  const report = outcomeReport(
    { id, fencingToken, endedAt, outputBytes, ...(neverStarted ? {} : { startedAt: startedAt ?? endedAt }) },
    judge(ending, host.agentName),
  );
  trace?.ended(report, endedAt);
  if (stop.cause !== "fenced") {
    await dir.keepOutcome(report).catch((error: unknown) => {
      logger.error(
        { task: id, error },
        "an outcome could not be written to the agent's directory; it is reported from memory",
      );
    });
  }
  ended();
  const isDone = stop.cause === "fenced" || (await delivery.deliver(report));
  held.remove({ id, fencingToken });
  output.close();
  if (!isDone) return;
  await dir.remove().catch((error: unknown) => logger.warn({ task: id, error }, "an attempt's directory stays behind"));
}

/** Where the attempt keeps its files. Without one nothing could be promised of it: it fails before it starts. */
function preparePlace(host: AttemptHost, lease: Lease) {
  const { id, fencingToken } = lease;
  try {
    const dir = createAttemptDir(host.attemptsPath, id, String(fencingToken));
    return { dir, output: openOutput(dir.path, lease, host) };
  } catch (error) {
    host.logger.error({ task: id, error }, "an attempt has no directory");
    const detail = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const message = `Agent ${host.agentName} could not make a directory for the attempt (${detail}).`;
    const facts = { id, fencingToken, endedAt: host.clock.now(), outputBytes: 0 };
    host.session().outcome(outcomeReport(facts, judge({ kind: "spawn_failed", message }, host.agentName)));
    return undefined;
  }
}

async function execute(host: AttemptHost, attempt: Parameters<Executor["run"]>[0]): Promise<Ending> {
  const executor = host.executors.find((candidate) => candidate.accepts(attempt.lease));
  if (executor === undefined)
    return {
      kind: "rejected",
      message: `Agent ${host.agentName} runs commands only; tasks of type "${attempt.lease.spec?.type}" need a worker that handles it.`,
    };
  try {
    return await executor.run(attempt);
  } catch (error) {
    host.logger.error({ task: attempt.lease.id, error }, "an attempt could not be run");
    const detail = (error as NodeJS.ErrnoException).code ?? "an unexpected error";
    return { kind: "spawn_failed", message: `Agent ${host.agentName} could not run the command (${detail}).` };
  }
}

type MaybeRecord = Omit<Parameters<AttemptDir["record"]>[0], "startedAt" | "process"> & {
  readonly startedAt: number | undefined;
  readonly process: ProcessIdentity | undefined;
};

/** Without its record an attempt that outlives this agent is found by its mark alone; it runs all the same. */
function keepRecord(dir: AttemptDir, logger: Logger, { startedAt, process, ...rest }: MaybeRecord): void {
  try {
    dir.record({ ...rest, startedAt: startedAt ?? 0, ...(process === undefined ? {} : { process }) });
  } catch (error) {
    logger.warn({ task: rest.taskId, error }, "an attempt's record could not be written to the agent's directory");
  }
}
