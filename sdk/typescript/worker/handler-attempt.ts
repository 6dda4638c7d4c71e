import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import { LIMITS } from "../../../proto/limits.ts";
import type { PayloadCodec, PayloadInit } from "../codecs/payload-codec.ts";
import { isPending } from "../codecs/stage.ts";
import { HandlerContext, type HandlerVoice } from "./handler-context.ts";
import { Fatal, type StopCause, StoppedError } from "./handler-errors.ts";
import type { HandlerReport } from "./handler-report.ts";
import type { TypedHandler } from "./handler-types.ts";
import { type Ending, judgeAttempt } from "./judge-attempt.ts";
import { longTimer, type TimerSlot } from "./long-timer.ts";
import type { ReceivedLease } from "./received-lease.ts";
import type { WorkSession } from "./work-session-types.ts";

export interface HandlerHost {
  readonly session: WorkSession;
  readonly codec: PayloadCodec;
  /** What is to be reported: when the handler has ended, or did not within the grace of a stop. Once for each attempt. */
  reported(attempt: HandlerAttempt, report: HandlerReport): void;
  /** The handler itself has ended: only now its slot is free. */
  settled(attempt: HandlerAttempt): void;
}

/**
 * One attempt in a handler: decodes its input, watches its time, encodes its result. Never throws. Goes on at once wherever
 * codec and handler answer at once, and makes nothing that is not used: many handlers take less than a promise does.
 */
export class HandlerAttempt implements HandlerVoice {
  readonly lease: ReceivedLease;
  readonly startedAt = Date.now();
  readonly #host: HandlerHost;
  readonly #context: HandlerContext;
  #stoppedBy: StopCause | undefined;
  #reported = false;
  #settled = false;
  #timeout: TimerSlot | undefined;
  #grace: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(host: HandlerHost, lease: ReceivedLease) {
    this.#host = host;
    this.lease = lease;
    this.#context = new HandlerContext(lease, this.startedAt, this);
  }

  send(report: Parameters<HandlerVoice["send"]>[0]): void {
    this.#host.session.progress(report);
  }

  alive(): void {
    this.#silence?.refresh();
  }

  /** Whether it is yet to be reported. */
  get running(): boolean {
    return !this.#reported;
  }

  run(handler: TypedHandler): void {
    const { timeoutMs, heartbeatMs = this.lease.task.heartbeatMs } = this.lease;
    if (timeoutMs !== undefined) this.#timeout = longTimer(() => this.stop("timed_out"), this.startedAt + timeoutMs);
    if (heartbeatMs !== undefined) this.#silence = setTimeout(() => this.stop("heartbeat"), heartbeatMs);
    let input: unknown;
    try {
      input = this.#input();
    } catch (error) {
      return this.#end({ kind: "threw", error: unreadable(error) });
    }
    if (isPending(input))
      void input.then(
        (value) => this.#invoke(handler, value),
        (error: unknown) => this.#end({ kind: "threw", error: unreadable(error) }),
      );
    else this.#invoke(handler, input);
  }

  /** Tells the coordinator that it has begun; one that ends within its turn is told by its outcome alone. */
  announce(): void {
    const { id, fencingToken } = this.lease;
    this.#host.session.started({ id, fencingToken, startedAt: timestampFromMs(this.startedAt) });
  }

  /** Tells the handler; the first cause counts. After the grace it is reported as stopped even if it does not listen. */
  stop(cause: StopCause): void {
    if (this.#stoppedBy !== undefined || this.#reported) return;
    this.#stoppedBy = cause;
    const reason = new StoppedError(cause);
    const { cancelGraceMs, task } = this.lease;
    const graceMs = cancelGraceMs ?? task.cancelGraceMs ?? LIMITS.cancelGraceDefaultMs;
    this.#grace = setTimeout(() => this.#report({ kind: "threw", error: reason }), graceMs);
    this.#context.abort(reason);
  }

  /** The lease is somebody else's: the handler is told, and nothing will be reported. */
  abandon(): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#clearTimers();
    if (this.#stoppedBy === undefined) this.#context.abort(new StoppedError("lost"));
    this.#context.close();
  }

  #input(): unknown {
    const { payload } = this.lease.task;
    return payload === undefined ? undefined : this.#host.codec.decode(payload);
  }

  #invoke(handler: TypedHandler, input: unknown): void {
    let result: unknown;
    try {
      result = handler.run(input, this.#context);
    } catch (error) {
      return this.#end({ kind: "threw", error });
    }
    if (isPending(result))
      void result.then(
        (value) => this.#returned(value),
        (error: unknown) => this.#end({ kind: "threw", error }),
      );
    else this.#returned(result);
  }

  #returned(value: unknown): void {
    if (value === undefined) return this.#end({ kind: "returned", result: undefined });
    let result: PayloadInit | Promise<PayloadInit>;
    try {
      result = this.#host.codec.encode(value);
    } catch (error) {
      return this.#end(badResult(error));
    }
    if (isPending(result))
      void result.then(
        (encoded) => this.#end({ kind: "returned", result: encoded }),
        (error: unknown) => this.#end(badResult(error)),
      );
    else this.#end({ kind: "returned", result });
  }

  #end(ending: Ending): void {
    this.#report(ending);
    if (this.#settled) return;
    this.#settled = true;
    this.#host.settled(this);
  }

  #report(ending: Ending): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#clearTimers();
    this.#context.close();
    const { id, token } = this.lease;
    const facts = { id, token, startedAt: this.startedAt, endedAt: Date.now() };
    this.#host.reported(this, judgeAttempt(facts, ending, this.#stoppedBy));
  }

  #clearTimers(): void {
    this.#timeout?.clear();
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    if (this.#silence !== undefined) clearTimeout(this.#silence);
  }
}

/** Input this worker cannot read stays unreadable: no further attempt. */
function unreadable(error: unknown): Fatal {
  return new Fatal(`The input cannot be decoded: ${(error as Error).message}`, { cause: error });
}

function badResult(error: unknown): Ending {
  return { kind: "bad_result", error, tooLarge: error instanceof TssError && error.reason === "PAYLOAD_TOO_LARGE" };
}
