import type { ServerDuplexStream } from "@grpc/grpc-js";
import { TssError } from "../../proto/errors.ts";
import type { CallContext } from "./call-context.ts";
import type { Incoming } from "./grpc-definition.ts";
import { toCallStatus } from "./status.ts";

export interface BidiListener<I> {
  /** The message stays counted until `context.release(bytes)`: too many of them stop the reading. */
  message(message: I, bytes: number): void;
  /** The peer says nothing more. */
  halfClosed(): void;
  /** The call is over, whatever the reason. Called once, and nothing after it. */
  closed(): void;
}

/** Both directions of one bidi call, as its handler sees it. */
export class BidiStream<I> {
  readonly context: CallContext;
  private readonly call: ServerDuplexStream<Incoming, Uint8Array>;

  private readonly lingerMs: number;

  constructor(call: ServerDuplexStream<Incoming, Uint8Array>, context: CallContext, lingerMs: number) {
    this.call = call;
    this.context = context;
    this.lingerMs = lingerMs;
  }

  /** Begins to read. A message that is not one ends the call with INVALID_ARGUMENT. */
  listen(listener: BidiListener<I>): void {
    const { call, context } = this;
    call.on("data", (incoming: Incoming) => {
      if (context.over) return;
      if ("problem" in incoming) context.fail(incoming.problem);
      else this.guard(() => listener.message(incoming.message as I, incoming.bytes));
    });
    call.on("end", () => {
      if (!context.over) this.guard(() => listener.halfClosed());
    });
    context.signal.addEventListener("abort", () => this.guard(() => listener.closed()), { once: true });
  }

  /** @param callback when the peer's side has taken it. */
  write(bytes: Uint8Array, callback: () => void): boolean {
    return this.call.write(bytes, callback);
  }

  /** Sends what is written, then the status: OK, or that of the error. */
  end(error?: Error): void {
    const { call, context } = this;
    if (context.over) return;
    const told = error && context.explain(error);
    if (told === undefined) call.end();
    else call.emit("error", asServiceError(told));
    const timer = setTimeout(() => context.fail(told ?? UNREAD()), this.lingerMs).unref();
    context.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }

  /** What a listener throws is a fault of TSS or a TssError; either ends this call and no other. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.context.fail(error);
    }
  }
}

const UNREAD = () => new TssError("ABORTED", "The stream was not read to its end in time.", { reason: "SLOW_READER" });

function asServiceError(error: TssError): Error {
  return Object.assign(new Error(error.message), toCallStatus(error));
}
