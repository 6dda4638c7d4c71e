import { create, toBinary } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { TssError } from "../../../proto/errors.ts";
import {
  type Adoption,
  AnnouncementSchema,
  type HeldLease,
  LogReportSchema,
  OutcomeReportSchema,
  ProgressReportSchema,
  StartReportSchema,
  type Welcome,
  WorkerService,
  WorkRequestSchema,
} from "../../../proto/gen/tss/v1/worker_service_pb.js";
import { protocolProblem, WORKER_PROTOCOL } from "../../../proto/worker-protocol.ts";
import type { BytesCall, Connection } from "../connection-types.ts";
import { isFinal } from "./final-refusals.ts";
import { OutgoingWork, WORK_REQUEST } from "./outgoing-work.ts";
import { readWorkResponse } from "./read-work-response.ts";
import { SessionName } from "./session-name.ts";
import type { OpenWorkSession, WorkSession, WorkSessionOptions } from "./work-session-types.ts";

/** Pause before the next attempt to connect: doubled each time, jittered, at most 5 s. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

const EMPTY = Buffer.alloc(0);

export interface WorkSessionHooks {
  /** A connection failed or ended; another is tried. Refusals that no waiting mends are told with `final`. */
  onDisconnected?(error: TssError, final: boolean): void;
}

/** Sessions over one connection, with one coordinator. */
export function workSessions(connection: Connection, hooks: WorkSessionHooks = {}): OpenWorkSession {
  return (options) => new StreamSession(connection, options, hooks);
}

type LeaseRef = Pick<HeldLease, "id" | "fencingToken">;

/** What one of several streams of a worker hears beside the rest. */
export interface LinkEvents {
  onCoordinators(addresses: readonly string[]): void;
  onAdoption(adoption: Pick<Adoption, "adopted" | "refused" | "elsewhere">): void;
  /** An attempt whose shard has left this coordinator. */
  onMoved(lease: LeaseRef): void;
}

/** A session over one connection. It reconnects until closed, and takes up its session again unless that was given up. */
export class StreamSession implements WorkSession {
  readonly #connection: Connection;
  readonly #options: WorkSessionOptions;
  readonly #hooks: WorkSessionHooks;
  readonly #link: LinkEvents | undefined;
  #call: BytesCall | null = null;
  #greeted = false;
  readonly #name = new SessionName();
  /** Leases that may still come on what was offered, and how many of them the newest hello told of. */
  #credit = 0;
  #toldCredit = 0;
  #draining = false;
  #toldDraining = false;
  #closed = false;
  readonly #outgoing = new OutgoingWork((message) => this.#write(message));
  /** The peer is slow: what may be left out is. Output is bounded by its acknowledgements, outcomes by the slots. */
  #congested = false;
  #heartbeat: NodeJS.Timeout | null = null;
  /** When each unanswered heartbeat was sent, monotonic ms; an answer joined with others takes the oldest off. */
  #beats: number[] = [];
  #heardAt = performance.now();
  #pause = FIRST_PAUSE_MS;
  #retry: NodeJS.Timeout | null = null;
  readonly #over = Promise.withResolvers<void>();

  constructor(connection: Connection, options: WorkSessionOptions, hooks: WorkSessionHooks, link?: LinkEvents) {
    this.#link = link;
    this.#connection = connection;
    this.#options = options;
    this.#hooks = hooks;
    // What the caller does first, such as offering its slots, is part of the greeting.
    setImmediate(() => this.#connect());
  }

  credit(count: number): void {
    this.#credit += count;
    if (this.#isHeard) this.#outgoing.credit(count);
  }

  /** Takes back leases that were accepted and have not come; some may be on their way. */
  withdraw(count: number): void {
    this.#credit -= count;
    if (this.#isHeard) this.#outgoing.withdraw(count);
  }

  /** Leases that may still come. */
  get offered(): number {
    return this.#credit;
  }

  get connected(): boolean {
    return this.#greeted;
  }

  get begun(): boolean {
    return this.#name.begun;
  }

  /**
   * Says what is held of a session that is over, and so what of it never arrived.
   * @param sessionId "": they are of sessions that go on, with other coordinators.
   */
  announce(sessionId: string, held: readonly LeaseRef[]): void {
    const leases = held.map(({ id, fencingToken }) => ({ id, fencingToken }));
    this.#say(
      WORK_REQUEST.announcement,
      toBinary(AnnouncementSchema, create(AnnouncementSchema, { sessionId, held: leases })),
    );
  }

  /** Begins a new session at the next connection: this one is over. @returns its id. */
  giveUp(): string {
    return this.#name.giveUp();
  }

  started(report: WorkSessionStart): void {
    this.#say(WORK_REQUEST.start, toBinary(StartReportSchema, create(StartReportSchema, report)));
  }

  progress(report: WorkSessionProgress): void {
    if (this.#congested) return;
    this.#say(WORK_REQUEST.progress, toBinary(ProgressReportSchema, create(ProgressReportSchema, report)));
  }

  log(report: WorkSessionLog): void {
    this.#say(WORK_REQUEST.log, toBinary(LogReportSchema, create(LogReportSchema, report)));
  }

  outcome(report: Parameters<WorkSession["outcome"]>[0]): void {
    if ("$typeName" in report) this.#say(WORK_REQUEST.outcome, toBinary(OutcomeReportSchema, report));
    else if (this.#isHeard) this.#outgoing.report(report);
  }

  drain(): void {
    this.#draining = true;
    this.#credit = 0;
    if (this.#isHeard) this.#outgoing.drain();
  }

  heardAt(): number {
    return this.#heardAt;
  }

  sessionId(): string {
    return this.#name.id;
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#over.promise;
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#outgoing.flush();
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

  /** Without a greeted stream there is nobody to hear what is said. */
  get #isHeard(): boolean {
    return this.#greeted && this.#call !== null;
  }

  #say(field: number, bytes: Uint8Array): void {
    if (this.#isHeard) this.#outgoing.add(field, bytes);
  }

  #write(message: Buffer): void {
    const call = this.#call;
    if (call === null || call.write(message) || this.#congested) return;
    this.#congested = true;
    void call.drained().then(() => {
      if (call === this.#call) this.#congested = false;
    });
  }

  #connect(): void {
    this.#retry = null;
    if (this.#closed) return this.#over.resolve();
    const call = this.#connection.bytes(WorkerService.method.work);
    this.#call = call;
    this.#congested = false;
    this.#beats = [];
    this.#toldCredit = this.#draining ? 0 : Math.max(this.#credit, 0);
    this.#toldDraining = this.#draining;
    const hello = {
      worker: {
        ...this.#options.worker,
        protocol: WORKER_PROTOCOL.newest,
        oldestProtocol: WORKER_PROTOCOL.oldest,
      },
      ...this.#name.tell(),
      joins: this.#link !== undefined,
      held: this.#options.held().map(({ id, fencingToken }) => ({ id, fencingToken })),
      credit: this.#toldCredit,
    };
    const greeting = create(WorkRequestSchema, { hello, draining: this.#draining });
    call.write(Buffer.from(toBinary(WorkRequestSchema, greeting)));
    void this.#read(call);
  }

  async #read(call: BytesCall): Promise<void> {
    let error = new TssError("UNAVAILABLE", "The coordinator ended the stream.");
    try {
      for await (const response of call) this.#take(response);
    } catch (failure) {
      error = failure as TssError;
    }
    this.#disconnected(error);
  }

  #take(message: Buffer): void {
    const { events } = this.#options;
    let welcomed = false;
    const coordinators: string[] = [];
    readWorkResponse(message, {
      welcome: (welcome) => {
        welcomed = true;
        this.#welcome(welcome);
      },
      lease: (lease) => {
        this.#credit--;
        events.onLease(lease);
      },
      acknowledged: (ack) => events.onOutcomeAck(ack),
      cancel: (order) => events.onCancel(order),
      logAcknowledged: (ack) => events.onLogAck(ack),
      drain: () => events.onDrain(),
      adoption: (adoption) => this.#link?.onAdoption(adoption),
      moved: (lease) => this.#link?.onMoved(lease),
      coordinator: (address) => coordinators.push(address),
    });
    if (coordinators.length > 0) this.#link?.onCoordinators(coordinators);
    if (!welcomed) this.#heardAt = this.#beats.shift() ?? this.#heardAt;
  }

  /** @throws TssError the coordinator goes on with a version of the protocol that is not spoken here. */
  #welcome(welcome: Welcome): void {
    const problem = protocolProblem(welcome.protocol, welcome.serverVersion);
    if (problem !== undefined) {
      this.#call?.cancel();
      throw problem;
    }
    this.#name.welcomed(welcome.sessionId);
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
    else if (this.#credit > this.#toldCredit) this.#outgoing.credit(this.#credit - this.#toldCredit);
    else this.#outgoing.withdraw(this.#toldCredit - this.#credit);
    this.#link?.onAdoption(welcome);
    this.#options.events.onConnected(ttlMs, welcome.refused);
  }

  #beat(): void {
    if (this.#call === null) return;
    this.#beats.push(performance.now());
    this.#call.write(EMPTY);
  }

  #disconnected(error: TssError): void {
    this.#call = null;
    this.#greeted = false;
    this.#outgoing.clear();
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    if (this.#closed) return this.#over.resolve();
    this.#hooks.onDisconnected?.(error, isFinal(error));
    const pause = this.#pause * (0.5 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.#retry = setTimeout(() => this.#connect(), pause);
  }
}

type WorkSessionStart = Parameters<WorkSession["started"]>[0];
type WorkSessionProgress = Parameters<WorkSession["progress"]>[0];
type WorkSessionLog = Parameters<WorkSession["log"]>[0];
