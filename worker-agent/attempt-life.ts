import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { OutcomeReport } from "../proto/gen/tss/v1/worker_service_pb.js";
import { abortableWait } from "../runtime/wait.ts";
import { createProgressReporter } from "../sdk/typescript/worker/progress-reporter.ts";
import { type AttemptOutput, openOutput } from "./attempt-output.ts";
import { createDelivery } from "./delivery.ts";
import { deadlinePath } from "./executors/command/task-files.ts";
import type { AttemptVoice, Ending } from "./executors/executor.ts";
import type { AttemptDir } from "./journal/attempt-dir.ts";
import { foreignOwner } from "./journal/given-folder.ts";
import { writeWholeFor } from "./journal/write-file.ts";
import { judge } from "./outcome.ts";
import { outcomeReport } from "./report.ts";
import type { AttemptHost } from "./run-attempt.ts";
import { createStop, type Stop } from "./stop.ts";

/** What every attempt has, whichever agent began it. */
export interface AttemptLife {
  readonly stop: Stop;
  readonly voice: AttemptVoice;
  readonly output: AttemptOutput;
  /**
   * It runs: that is said, and its timeout counts.
   * @param startedAt milliseconds since 1970.
   * @param ranMs how long it has run already.
   */
  started(startedAt: number, ranMs: number): void;
  /** From its end to the last word of the coordinator on it. @param freed called when its slot is free, which is earlier. */
  conclude(ending: Ending, begun: Begun, freed: () => void): Promise<void>;
}

interface Begun {
  /** Milliseconds since 1970; absent: it never started. */
  readonly startedAt?: number;
  /** Told of the report before anybody else. */
  ended?(report: OutcomeReport, endedAt: number): void;
}

export interface LifeTerms {
  readonly id: string;
  readonly fencingToken: bigint;
  readonly graceMs: number;
  /** Absent: it may run for ever. */
  readonly timeoutMs: number | undefined;
}

/** Holds an attempt: from now on it is announced to the coordinator, and hears its orders. */
export function beginLife(host: AttemptHost, dir: AttemptDir, terms: LifeTerms): AttemptLife {
  const { clock, held, logger } = host;
  const { id, fencingToken, graceMs, timeoutMs } = terms;
  const lease = { id, fencingToken };
  const output = openOutput(dir.path, lease, host);
  const stop = createStop();
  const delivery = createDelivery(output.shipper, (report) => host.session().outcome(report));
  const progress = createProgressReporter(id, fencingToken, (report) => host.session().progress(report));
  const timeout = new AbortController();
  let runsSince: number | undefined;
  const sayStarted = (): void => {
    if (runsSince !== undefined) host.session().started({ ...lease, startedAt: timestampFromMs(runsSince) });
  };
  const resend = (): void => {
    sayStarted();
    delivery.resend();
  };
  const tellDeadline = (at: number): void => {
    try {
      writeWholeFor(foreignOwner(dir.taskPath), deadlinePath(dir.taskPath), `${Math.floor(at / 1_000)}\n`);
    } catch (error) {
      logger.warn({ task: id, error }, "a command could not be told when it will be ended");
    }
  };
  held.add({ ...lease, shipper: output.shipper, delivery, resend, stop, tellDeadline, graceMs });
  return {
    stop,
    output,
    voice: {
      output: (stream, data) => output.collector.push(stream, data),
      progress: (percent, message) => progress.progress(percent, message),
      message: (text) => progress.message(text),
      heartbeat: () => progress.heartbeat(),
    },
    started(startedAt, ranMs) {
      runsSince = startedAt;
      if (timeoutMs !== undefined)
        void abortableWait(Math.max(timeoutMs - ranMs, 1), timeout.signal).then((isOver) => {
          if (isOver) stop.order("timed_out", graceMs);
        });
      sayStarted();
    },
    async conclude(ending, { startedAt, ended }, freed) {
      const endedAt = clock.now();
      runsSince = undefined;
      timeout.abort();
      stop.close();
      progress.close();
      const outputBytes = output.finish();
      const neverStarted = ending.kind === "not_started" || ending.kind === "rejected";
      const facts = { ...lease, endedAt, outputBytes, ...(neverStarted ? {} : { startedAt: startedAt ?? endedAt }) };
      const report = outcomeReport(facts, judge(ending, host.agentName));
      ended?.(report, endedAt);
      if (stop.cause !== "fenced")
        await dir.keepOutcome(report).catch((error: unknown) => {
          logger.error(
            { task: id, error },
            "an outcome could not be written to the agent's directory; it is reported from memory",
          );
        });
      freed();
      const isDone = stop.cause === "fenced" || (await delivery.deliver(report));
      held.remove(lease);
      output.close();
      if (!isDone) return;
      await dir
        .remove()
        .catch((error: unknown) => logger.warn({ task: id, error }, "an attempt's directory stays behind"));
    },
  };
}
