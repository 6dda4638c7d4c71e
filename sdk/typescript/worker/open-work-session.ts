import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import {
  WorkerService,
  type WorkRequest,
  WorkRequestSchema,
  type WorkResponse,
  type WorkResponseSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";
import type { BidiCall, Connection } from "../connection-types.ts";
import type { OpenWorkSession, WorkSession, WorkSessionOptions } from "./work-session-types.ts";

type Call = BidiCall<typeof WorkRequestSchema, typeof WorkResponseSchema>;

/** Pause before the next attempt to connect: doubled each time, jittered, at most 5 s. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** What reports and output take in one message, so that a message stays far below its limit. */
const FULL_BYTES = 512 * 1024;
/** About what a report takes beside its result and its error. */
const REPORT_BYTES = 256;

export interface WorkSessionHooks {
  /** A connection failed or ended; another is tried. Refusals that no waiting mends are told with `final`. */
  onDisconnected?(error: TssError, final: boolean): void;
}

/** Errors that another try cannot mend. */
const FINAL: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "INVALID_ARGUMENT",
  "UNIMPLEMENTED",
]);

/** Sessions over a connection. They reconnect until closed, and take up their session again. */
export function workSessions(connection: Connection, hooks: WorkSessionHooks = {}): OpenWorkSession {
  return (options) => new StreamSession(connection, options, hooks);
}

class StreamSession implements WorkSession {
  readonly #connection: Connection;
  readonly #options: WorkSessionOptions;
  readonly #hooks: WorkSessionHooks;
  #call: Call | null = null;
  #greeted = false;
  #sessionId = "";
  /** Leases that may still come on what was offered, and how many of them the newest hello told of. */
  #credit = 0;
  #toldCredit = 0;
  #draining = false;
  #toldDraining = false;
  #closed = false;
  #outgoing: WorkRequest = create(WorkRequestSchema);
  #outgoingBytes = 0;
  #scheduled = false;
  /** The peer is slow: what may be left out is. Output is bounded by its acknowledgements, outcomes by the slots. */
  #congested = false;
  #heartbeat: NodeJS.Timeout | null = null;
  /** When each unanswered heartbeat was sent, monotonic ms; an answer joined with others takes the oldest off. */
  #beats: number[] = [];
  #heardAt = performance.now();
  #pause = FIRST_PAUSE_MS;
  #retry: NodeJS.Timeout | null = null;
  readonly #over = Promise.withResolvers<void>();

  constructor(connection: Connection, options: WorkSessionOptions, hooks: WorkSessionHooks) {
    this.#connection = connection;
    this.#options = options;
    this.#hooks = hooks;
    // What the caller does first, such as offering its slots, is part of the greeting.
    setImmediate(() => this.#connect());
  }

  credit(count: number): void {
    this.#credit += count;
    this.#say((message) => {
      message.credit += count;
    });
  }

  started(report: WorkSessionStart): void {
    this.#say((message) => message.starts.push(create(WorkRequestSchema, { starts: [report] }).starts[0]!));
  }

  progress(report: WorkSessionProgress): void {
    if (this.#congested) return;
    this.#say((message) => message.progress.push(create(WorkRequestSchema, { progress: [report] }).progress[0]!));
  }

  log(report: WorkSessionLog): void {
    this.#say((message) => {
      const [log] = create(WorkRequestSchema, { logs: [report] }).logs;
      message.logs.push(log!);
      this.#outgoingBytes += log!.data.length;
    });
    if (this.#outgoingBytes > FULL_BYTES) this.#flush();
  }

  outcome(report: WorkRequest["outcomes"][number]): void {
    this.#say((message) => {
      message.outcomes.push(report);
      this.#outgoingBytes += REPORT_BYTES + (report.result?.data.length ?? 0) + 3 * (report.error?.message.length ?? 0);
    });
    if (this.#outgoingBytes > FULL_BYTES) this.#flush();
  }

  drain(): void {
    this.#draining = true;
    this.#credit = 0;
    this.#say((message) => {
      message.draining = true;
    });
  }

  heardAt(): number {
    return this.#heardAt;
  }

  sessionId(): string {
    return this.#sessionId;
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#over.promise;
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#flush();
    if (this.#call === null) this.#over.resolve();
    else {
      const call = this.#call;
      call.end();
      // A coordinator that does not end its side is not waited for.
      const impatience = setTimeout(() => call.cancel(), 1_000);
      void this.#over.promise.then(() => clearTimeout(impatience));
    }
    return this.#over.promise;
  }

  /** Adds to the message of this turn; without a greeted stream there is nobody to hear it. */
  #say(add: (message: WorkRequest) => void): void {
    if (!this.#greeted || this.#call === null) return;
    add(this.#outgoing);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const message = this.#outgoing;
    const call = this.#call;
    if (call === null || !hasContent(message)) return;
    this.#outgoing = create(WorkRequestSchema);
    this.#outgoingBytes = 0;
    if (call.write(message) || this.#congested) return;
    this.#congested = true;
    void call.drained().then(() => {
      if (call === this.#call) this.#congested = false;
    });
  }

  #connect(): void {
    this.#retry = null;
    if (this.#closed) return this.#over.resolve();
    const call = this.#connection.service(WorkerService).work();
    this.#call = call;
    this.#congested = false;
    this.#beats = [];
    this.#toldCredit = this.#draining ? 0 : this.#credit;
    this.#toldDraining = this.#draining;
    call.write({
      hello: {
        worker: this.#options.worker,
        sessionId: this.#sessionId,
        held: this.#options.held().map(({ id, fencingToken }) => ({ id, fencingToken })),
        credit: this.#toldCredit,
      },
      draining: this.#draining,
    });
    void this.#read(call);
  }

  async #read(call: Call): Promise<void> {
    let error = new TssError("UNAVAILABLE", "The coordinator ended the stream.");
    try {
      for await (const response of call) this.#take(response);
    } catch (failure) {
      error = failure as TssError;
    }
    this.#disconnected(error);
  }

  #take(response: WorkResponse): void {
    const { events } = this.#options;
    if (response.welcome !== undefined) this.#welcome(response);
    else this.#heardAt = this.#beats.shift() ?? this.#heardAt;
    for (const lease of response.leases) {
      this.#credit--;
      events.onLease(lease);
    }
    for (const ack of response.outcomeAcks) events.onOutcomeAck(ack);
    for (const order of response.cancels) events.onCancel(order);
    for (const ack of response.logAcks) events.onLogAck(ack);
    if (response.drain) events.onDrain();
  }

  #welcome({ welcome }: WorkResponse): void {
    if (welcome === undefined) return;
    this.#sessionId = welcome.sessionId;
    this.#greeted = true;
    this.#pause = FIRST_PAUSE_MS;
    this.#heardAt = performance.now();
    const ttlMs = welcome.leaseTtl === undefined ? 15_000 : durationMs(welcome.leaseTtl);
    const everyMs = welcome.heartbeatInterval === undefined ? ttlMs / 3 : durationMs(welcome.heartbeatInterval);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), everyMs);
    this.#heartbeat.unref();
    // What was decided between hello and welcome.
    if (this.#draining && !this.#toldDraining) this.drain();
    else if (this.#credit > this.#toldCredit)
      this.#say((message) => {
        message.credit += this.#credit - this.#toldCredit;
      });
    this.#options.events.onConnected(ttlMs, welcome.refused);
  }

  #beat(): void {
    if (this.#call === null) return;
    this.#beats.push(performance.now());
    this.#call.write({});
  }

  #disconnected(error: TssError): void {
    this.#call = null;
    this.#greeted = false;
    this.#outgoing = create(WorkRequestSchema);
    this.#outgoingBytes = 0;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    if (this.#closed) return this.#over.resolve();
    this.#hooks.onDisconnected?.(error, FINAL.has(error.code));
    const pause = this.#pause * (0.5 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.#retry = setTimeout(() => this.#connect(), pause);
  }
}

type WorkSessionStart = Parameters<WorkSession["started"]>[0];
type WorkSessionProgress = Parameters<WorkSession["progress"]>[0];
type WorkSessionLog = Parameters<WorkSession["log"]>[0];

/** An empty message would be a sign of life. */
function hasContent(message: WorkRequest): boolean {
  return Object.entries(message).some(
    ([name, value]) =>
      name !== "$typeName" &&
      (Array.isArray(value) ? value.length > 0 : value !== undefined && value !== 0 && value !== false),
  );
}
