import type { TssError } from "../../proto/errors.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Caller } from "../operations/operations.ts";
import { type CallStatus, toCallStatus, toTssError } from "./status.ts";

/** How a call meets a server that drains: it is let finish, or told at once to go elsewhere. */
export type Patience = "finish" | "leave";

/** What the context does to its call. */
export interface CallHandle {
  sendStatus(status: CallStatus): void;
  startRead(): void;
  /** Address of the caller, without its port. */
  peer(): string;
  /** Nobody on the way can read: the connection is encrypted, or does not leave this machine. */
  isPrivate(): boolean;
  /** Called once, when the call is over. */
  settled(code: number): void;
}

/** One for all calls: the reason that `abort` makes by itself takes its stack each time. */
const OVER = new Error("The call is over.");

/** One call while it lives: who calls, when it ends, and how much of it is in memory. */
export class CallContext {
  readonly method: string;
  readonly patience: Patience;
  requestId = "";
  caller: Caller | undefined;
  /** Ends a stream in good order; without it `fail` does. */
  shutdown: ((error: TssError) => void) | undefined;
  over = false;
  private readonly handle: CallHandle;
  private readonly logger: Logger;
  private readonly inboxBytes: number;
  private controller: AbortController | undefined;
  private inbox = 0;
  private readWaits = false;

  constructor(method: string, patience: Patience, inboxBytes: number, logger: Logger, handle: CallHandle) {
    this.method = method;
    this.patience = patience;
    this.inboxBytes = inboxBytes;
    this.logger = logger;
    this.handle = handle;
  }

  /** Ends with the call: answered, failed, cancelled, past its deadline, or its connection is gone. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.over) this.controller.abort(OVER);
    return this.controller.signal;
  }

  /** Who calls, where the method needs a key. */
  get provenCaller(): Caller {
    if (this.caller === undefined) throw new Error(`${this.method} was served without a key`);
    return this.caller;
  }

  /** Address of the caller, without its port. */
  get peer(): string {
    return this.handle.peer();
  }

  /** Nobody on the way can read: the connection is encrypted, or does not leave this machine. */
  get isPrivate(): boolean {
    return this.handle.isPrivate();
  }

  /** What the caller is told of this error; faults of TSS are logged. */
  explain(error: unknown): TssError {
    return toTssError(error, this.requestId, this.method, this.logger);
  }

  /** Ends the call with the error's status at once; what is queued is not sent. After the end: nothing. */
  fail(error: unknown): void {
    if (!this.over) this.handle.sendStatus(toCallStatus(this.explain(error)));
  }

  /** Marks the end; only the first call counts. */
  settle(code: number): void {
    if (this.over) return;
    this.over = true;
    this.handle.settled(code);
    this.controller?.abort(OVER);
  }

  /** Counts a message that was received; it is worked on until `release`. */
  received(bytes: number): void {
    this.inbox += bytes;
  }

  /** The next message may be read, unless too much is being worked on. */
  requestRead(): void {
    if (this.inbox < this.inboxBytes) this.handle.startRead();
    else this.readWaits = true;
  }

  /** A received message is done with. */
  release(bytes: number): void {
    this.inbox -= bytes;
    if (!this.readWaits || this.over || this.inbox >= this.inboxBytes) return;
    this.readWaits = false;
    this.handle.startRead();
  }
}
