import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ProgressReportSchema } from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { StoppedError } from "./handler-errors.ts";
import type { AttemptContext } from "./handler-types.ts";
import { createProgressReporter, type ProgressReporter } from "./progress-reporter.ts";
import type { ReceivedLease } from "./received-lease.ts";

/** Where what a handler says goes. */
export interface HandlerVoice {
  send(report: MessageInitShape<typeof ProgressReportSchema>): void;
  /** It has given a sign of life. */
  alive(): void;
}

/** What a handler sees of its attempt. Most handlers look at little of it: each part is made when it is asked for. */
export class HandlerContext implements AttemptContext {
  readonly #lease: ReceivedLease;
  readonly #startedAt: number;
  readonly #voice: HandlerVoice;
  #controller: AbortController | undefined;
  #stopped: StoppedError | undefined;
  #progress: ProgressReporter | undefined;
  #closed = false;

  constructor(lease: ReceivedLease, startedAt: number, voice: HandlerVoice) {
    this.#lease = lease;
    this.#startedAt = startedAt;
    this.#voice = voice;
  }

  get id(): string {
    return this.#lease.id;
  }

  get name(): string {
    return this.#lease.task.name;
  }

  get queue(): string {
    return this.#lease.task.queue || "default";
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#lease.spec?.labels ?? {};
  }

  get attempt(): number {
    return this.#lease.attempt;
  }

  get maxAttempts(): number {
    return this.#lease.maxAttempts;
  }

  get fencingToken(): bigint {
    return this.#lease.fencingToken;
  }

  get locks(): ReadonlyMap<string, number> {
    return new Map(this.#lease.heldLocks.map(({ name, token }) => [name, token]));
  }

  get traceparent(): string {
    return this.#lease.task.traceparent;
  }

  get deadline(): Date | undefined {
    const { timeoutMs } = this.#lease;
    return timeoutMs === undefined ? undefined : new Date(this.#startedAt + timeoutMs);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  // Functions of their own, as destructured ones must work too.

  get progress(): AttemptContext["progress"] {
    return (percent, message = "") => {
      this.#voice.alive();
      this.#reporter()?.progress(percent, message);
    };
  }

  get message(): AttemptContext["message"] {
    return (text) => {
      this.#voice.alive();
      this.#reporter()?.message(text);
    };
  }

  get heartbeat(): AttemptContext["heartbeat"] {
    return () => {
      this.#voice.alive();
      this.#reporter()?.heartbeat();
    };
  }

  abort(reason: StoppedError): void {
    this.#stopped = reason;
    this.#controller?.abort(reason);
  }

  /** Sends what waits; nothing is sent later. */
  close(): void {
    this.#closed = true;
    this.#progress?.close();
  }

  #reporter(): ProgressReporter | undefined {
    if (this.#progress === undefined && !this.#closed) {
      const { id, fencingToken } = this.#lease;
      this.#progress = createProgressReporter(id, fencingToken, (report) => this.#voice.send(report));
    }
    return this.#progress;
  }
}
