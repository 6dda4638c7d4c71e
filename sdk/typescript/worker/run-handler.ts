import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import type { Lease, OutcomeReport } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { LIMITS } from "../../../proto/limits.ts";
import type { PayloadCodec } from "../codecs/payload-codec.ts";
import { Fatal, type StopCause, StoppedError } from "./handler-errors.ts";
import type { AttemptContext, TypedHandler } from "./handler-types.ts";
import { type Ending, judgeAttempt } from "./judge-attempt.ts";
import { createProgressReporter } from "./progress-reporter.ts";
import type { WorkSession } from "./work-session-types.ts";

export interface HandlerHost {
  readonly session: WorkSession;
  readonly codec: PayloadCodec;
}

/** An attempt that runs in a handler. */
export interface RunningHandler {
  /** Tells the handler; the first cause counts. After the grace it is reported as stopped even if it does not listen. */
  stop(cause: StopCause): void;
  /** What is to be reported: when the handler has ended, or did not within the grace of a stop. */
  readonly report: Promise<OutcomeReport>;
  /** The handler itself has ended: only now its slot is free. */
  readonly settled: Promise<void>;
}

/** Runs a handler for a lease: decodes its input, watches its time, encodes its result. Never rejects. */
export function runHandler(host: HandlerHost, lease: Lease, handler: TypedHandler): RunningHandler {
  const { id, fencingToken, spec } = lease;
  const startedAt = Date.now();
  const timeoutMs = lease.timeout === undefined ? undefined : durationMs(lease.timeout);
  const grace = lease.cancelGrace ?? spec?.cancelGrace;
  const graceMs = grace === undefined ? LIMITS.cancelGraceDefaultMs : durationMs(grace);
  const silence = lease.heartbeatTimeout ?? spec?.heartbeatTimeout;
  const controller = new AbortController();
  const progress = createProgressReporter(id, fencingToken, (report) => host.session.progress(report));
  const reported = Promise.withResolvers<OutcomeReport>();
  const timers: { timeout?: NodeJS.Timeout; grace?: NodeJS.Timeout; silence?: NodeJS.Timeout } = {};
  let stoppedBy: StopCause | undefined;

  const end = (ending: Ending): void => {
    clearImmediate(announce);
    clearTimeout(timers.timeout);
    clearTimeout(timers.grace);
    clearTimeout(timers.silence);
    progress.close();
    reported.resolve(judgeAttempt({ id, fencingToken, startedAt, endedAt: Date.now(), stoppedBy }, ending));
  };
  const stop = (cause: StopCause): void => {
    if (stoppedBy !== undefined) return;
    stoppedBy = cause;
    const reason = new StoppedError(cause);
    timers.grace = setTimeout(() => end({ kind: "threw", error: reason }), graceMs);
    controller.abort(reason);
  };
  if (timeoutMs !== undefined) timers.timeout = longTimer(() => stop("timed_out"), startedAt + timeoutMs, timers);

  if (silence !== undefined) timers.silence = setTimeout(() => stop("heartbeat"), durationMs(silence));

  const context: AttemptContext = {
    id,
    name: spec?.name ?? "",
    queue: spec?.queue || "default",
    labels: spec?.labels ?? {},
    attempt: lease.attempt,
    maxAttempts: lease.maxAttempts,
    fencingToken,
    traceparent: spec?.traceparent ?? "",
    deadline: timeoutMs === undefined ? undefined : new Date(startedAt + timeoutMs),
    signal: controller.signal,
    progress(percent, message = "") {
      timers.silence?.refresh();
      progress.progress(percent, message);
    },
    message(text) {
      timers.silence?.refresh();
      progress.message(text);
    },
    heartbeat() {
      timers.silence?.refresh();
      progress.heartbeat();
    },
  };
  // One that ends within this turn is told by its outcome alone.
  const announce = setImmediate(() =>
    host.session.started({ id, fencingToken, startedAt: timestampFromMs(startedAt) }),
  );
  const settled = call(host.codec, lease, handler, context).then(end);
  return { stop, report: reported.promise, settled };
}

async function call(
  codec: PayloadCodec,
  { spec }: Lease,
  handler: TypedHandler,
  context: AttemptContext,
): Promise<Ending> {
  let result: unknown;
  try {
    const input = spec?.payload === undefined ? undefined : await decode(codec, spec.payload);
    result = await handler.run(input, context);
  } catch (error) {
    return { kind: "threw", error };
  }
  if (result === undefined) return { kind: "returned", result: undefined };
  try {
    return { kind: "returned", result: await codec.encode(result) };
  } catch (error) {
    return { kind: "bad_result", error, tooLarge: error instanceof TssError && error.reason === "PAYLOAD_TOO_LARGE" };
  }
}

/** Input this worker cannot read stays unreadable: no further attempt. */
async function decode(codec: PayloadCodec, payload: Parameters<PayloadCodec["decode"]>[0]): Promise<unknown> {
  try {
    return await codec.decode(payload);
  } catch (error) {
    throw new Fatal(`The input cannot be decoded: ${(error as Error).message}`, { cause: error });
  }
}

/** Timers of Node end at 2^31 ms; a timeout may be 30 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function longTimer(fire: () => void, at: number, timers: { timeout?: NodeJS.Timeout }): NodeJS.Timeout {
  const leftMs = at - Date.now();
  if (leftMs <= LONGEST_TIMER_MS) return setTimeout(fire, leftMs);
  return setTimeout(() => {
    timers.timeout = longTimer(fire, at, timers);
  }, LONGEST_TIMER_MS);
}
