import { randomUUID } from "node:crypto";
import { TssError } from "../../../proto/errors.ts";
import { TaskService } from "../../../proto/gen/tss/v1/task_service_pb.js";
import type { BytesCall, Connection } from "../connection-types.ts";
import { encodeSubmit } from "./encode-submit.ts";
import { readSubmitAnswer, type SubmitAnswer, type Submitted, unanswered } from "./read-submit-answer.ts";
import { boundBytes, checkFits, type Entry, SubmitBuffer } from "./submit-buffer.ts";
import type { TaskSpecInit } from "./task-spec.ts";

/** Tasks that travel together. The id makes it safe to send them again. */
interface Message {
  readonly requestId: string;
  readonly entries: readonly Entry[];
}

export interface SubmitterLimits {
  /** A submit without an answer for this long fails with DEADLINE_EXCEEDED. */
  readonly timeoutMs: number;
  /** Tasks, and bytes of them, that may wait to be sent. */
  readonly bufferTasks: number;
  readonly bufferBytes: number;
}

/** Messages without an answer. Behind that many, tasks gather into fuller ones. */
const WINDOW = 8;
/** Pause before a new stream after a failure: doubled each time, jittered. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** A stream with nothing to say is ended, so that a program with no more work can end. */
const IDLE_MS = 200;
/** Errors of a stream or message that sending again can mend. */
const TRANSIENT: ReadonlySet<string> = new Set(["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED", "INTERNAL"]);

/**
 * Carries tasks to the coordinator: those of one turn of the event loop, and those that gather while earlier ones are
 * on their way, travel as one message. A message is sent until it is answered, always with the same id.
 */
export class Submitter {
  readonly #connection: Connection;
  readonly #limits: SubmitterLimits;
  readonly #buffer: SubmitBuffer;
  /** Sent on the living stream, by sequence, oldest first. */
  #sent = new Map<number, Message>();
  /** To be sent (again), oldest first. */
  #queued: Message[] = [];
  #call: BytesCall | null = null;
  #sequence = 0;
  #scheduled = false;
  #pauseMs = FIRST_PAUSE_MS;
  #held: NodeJS.Timeout | null = null;
  #idle: NodeJS.Timeout | null = null;
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;
  /** Why the last stream or message failed; null since an answer came. */
  #trouble: TssError | null = null;
  #whenEmpty: (() => void)[] = [];

  constructor(connection: Connection, limits: SubmitterLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#buffer = new SubmitBuffer({ tasks: limits.bufferTasks, bytes: limits.bufferBytes });
  }

  /** @throws TssError the coordinator's refusal of this task, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED of the buffer. */
  submit(spec: TaskSpecInit): Promise<Submitted> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new TssError("FAILED_PRECONDITION", "The client is closed; make a new one to submit.");
      const deadline = performance.now() + this.#limits.timeoutMs;
      const bytes = boundBytes(spec);
      checkFits(spec, bytes);
      this.#buffer.add({ spec, bytes, deadline, resolve, reject });
      this.#sweep ??= setInterval(() => this.#expire(), Math.min(1_000, this.#limits.timeoutMs / 4)).unref();
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#send();
      });
    });
  }

  /** Resolves when every submit has its answer; further ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#isEmpty()) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    if (this.#sweep !== null) clearInterval(this.#sweep);
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#call?.end();
    this.#call = null;
  }

  #isEmpty(): boolean {
    return this.#sent.size === 0 && this.#queued.length === 0 && this.#buffer.size === 0;
  }

  #send(): void {
    if (this.#held !== null) return;
    while (this.#sent.size < WINDOW) {
      const message = this.#queued.shift() ?? this.#next();
      if (message === undefined) return;
      this.#call ??= this.#open();
      const sequence = ++this.#sequence;
      this.#sent.set(sequence, message);
      const tasks = message.entries.map(({ spec }) => spec);
      this.#call.write(encodeSubmit(sequence, message.requestId, tasks));
    }
  }

  #next(): Message | undefined {
    return this.#buffer.size === 0 ? undefined : { requestId: randomUUID(), entries: this.#buffer.take() };
  }

  #open(): BytesCall {
    const call = this.#connection.bytes(TaskService.method.submitStream);
    this.#sequence = 0;
    void this.#read(call);
    return call;
  }

  async #read(call: BytesCall): Promise<void> {
    let error = new TssError("UNAVAILABLE", "The coordinator ended the stream.");
    try {
      for await (const answer of call) if (call === this.#call) this.#answered(readSubmitAnswer(answer));
    } catch (failure) {
      error = failure as TssError;
    }
    if (call === this.#call) this.#lost(error);
  }

  #answered({ sequence, results }: SubmitAnswer): void {
    const message = this.#sent.get(sequence);
    if (message === undefined) return;
    this.#sent.delete(sequence);
    if (results instanceof TssError) {
      if (TRANSIENT.has(results.code)) this.#again([message], results);
      else refuse([message], results);
    } else {
      this.#pauseMs = FIRST_PAUSE_MS;
      this.#trouble = null;
      for (const [index, entry] of message.entries.entries()) {
        const result = results[index] ?? unanswered();
        if (result instanceof TssError) entry.reject(result);
        else entry.resolve(result);
      }
    }
    this.#settle();
  }

  #lost(error: TssError): void {
    const sent = [...this.#sent.values()];
    this.#sent = new Map();
    this.#call = null;
    if (TRANSIENT.has(error.code)) this.#again(sent, error);
    else {
      refuse([...sent, ...this.#queued.splice(0)], error);
      while (this.#buffer.size > 0) refuse([{ requestId: "", entries: this.#buffer.take() }], error);
    }
    this.#settle();
  }

  /** Sends messages again, in front of the others, after a pause: the coordinator's, or a growing one. */
  #again(messages: readonly Message[], error: TssError): void {
    this.#trouble = error;
    this.#queued.unshift(...messages.filter(({ entries }) => entries.length > 0));
    if (this.#held !== null) return;
    const pauseMs = (error.retryAfterMs ?? this.#pauseMs) * (0.75 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#held = setTimeout(() => {
      this.#held = null;
      this.#send();
      this.#settle();
    }, pauseMs);
  }

  #settle(): void {
    this.#send();
    if (!this.#isEmpty()) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#sweep = null;
    if (this.#idle === null) this.#idle = setTimeout(() => this.#rest(), IDLE_MS);
    else this.#idle.refresh();
  }

  #rest(): void {
    this.#idle = null;
    if (!this.#isEmpty()) return;
    this.#call?.end();
    this.#call = null;
  }

  /** Whoever has waited too long hears so; what is on its way may still be accepted. */
  #expire(): void {
    const now = performance.now();
    const late = (message: Message) => (message.entries[0]?.deadline ?? 0) <= now;
    const overdue = this.#buffer.takeOverdue(now);
    for (const [sequence, message] of this.#sent)
      if (late(message)) {
        this.#sent.delete(sequence);
        overdue.push(...message.entries);
      }
    overdue.push(...this.#queued.filter(late).flatMap(({ entries }) => entries));
    this.#queued = this.#queued.filter((message) => !late(message));
    if (overdue.length === 0) return;
    const error = lateError(this.#limits.timeoutMs, this.#trouble);
    for (const { reject } of overdue) reject(error);
    this.#settle();
  }
}

function refuse(messages: readonly Message[], error: TssError): void {
  for (const { entries } of messages) for (const { reject } of entries) reject(error);
}

function lateError(timeoutMs: number, trouble: TssError | null): TssError {
  const why = trouble === null ? "" : ` (${trouble.message.replace(/\.$/, "")})`;
  return new TssError(
    trouble?.code ?? "DEADLINE_EXCEEDED",
    `The task was not confirmed within ${timeoutMs} ms${why}; it may have been accepted. With an idempotency key it can be submitted again safely.`,
    { cause: trouble ?? undefined },
  );
}
