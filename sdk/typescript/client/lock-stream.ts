import type { MessageInitShape } from "@bufbuild/protobuf";
import { TssError } from "../../../proto/errors.ts";
import type {
  LockAnswer,
  LockCall,
  LockStreamRequestSchema,
  LockStreamResponseSchema,
} from "../../../proto/gen/tss/v1/lock_service_pb.js";
import { fromStatus } from "../connection/status-error.ts";
import type { BidiCall, CallOptions } from "../connection-types.ts";

type Call = BidiCall<typeof LockStreamRequestSchema, typeof LockStreamResponseSchema>;
type Sent = NonNullable<MessageInitShape<typeof LockStreamRequestSchema>["calls"]>[number];
export type Ask = LockCall["call"];
export type Answer = Exclude<LockAnswer["answer"], { case: "error" }>;

interface Pending {
  readonly answered: (answer: LockAnswer["answer"]) => void;
  readonly failed: (error: unknown) => void;
}

const TIMEOUT_MS = 30_000;
/** A stream with nothing to say is ended, so that a program with no more work can end. */
const IDLE_MS = 200;

/** Calls about locks over a `LockStream` that is opened when there is something to ask. */
export class LockStream {
  readonly #open: () => Call;
  readonly #pending = new Map<number, Pending>();
  #unsent: Sent[] = [];
  #call: Call | null = null;
  #lastId = 0;
  #idle: NodeJS.Timeout | null = null;

  constructor(open: () => Call) {
    this.#open = open;
  }

  get unanswered(): number {
    return this.#pending.size;
  }

  /**
   * The calls of one turn of the event loop leave as one message.
   * @throws TssError the coordinator's refusal, CANCELLED, DEADLINE_EXCEEDED, or that of the stream when it broke.
   */
  ask(call: Ask, { signal, timeoutMs = TIMEOUT_MS }: CallOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#lastId = (this.#lastId + 1) >>> 0;
      const id = this.#lastId;
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        this.#pending.delete(id);
        this.#restLater();
      };
      const failed = (error: unknown) => {
        settle();
        reject(error);
      };
      const giveUp = (error: TssError) => {
        failed(error);
        this.#write({ id, call: { case: "giveUp", value: true } });
      };
      const cancel = () => giveUp(new TssError("CANCELLED", "The call was given up."));
      const timer = setTimeout(() => giveUp(lateError()), timeoutMs);
      this.#pending.set(id, {
        failed,
        answered(answer) {
          settle();
          if (answer.case === "error") reject(fromStatus(answer.value));
          else resolve(answer);
        },
      });
      this.#write({ id, call });
      if (signal?.aborted) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
    });
  }

  /** Ends the stream; what is unanswered fails. */
  close(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    const call = this.#call;
    this.#call = null;
    call?.cancel();
    this.#fail(new TssError("CANCELLED", "The client is closed."));
  }

  #write(sent: Sent): void {
    this.#unsent.push(sent);
    if (this.#unsent.length > 1) return;
    setImmediate(() => {
      const calls = this.#unsent;
      this.#unsent = [];
      // Nobody waits on the stream that they were for.
      if (this.#call === null && this.#pending.size === 0) return;
      this.#call ??= this.#begin();
      this.#call.write({ calls });
    });
  }

  #begin(): Call {
    const call = this.#open();
    void this.#read(call);
    return call;
  }

  async #read(call: Call): Promise<void> {
    let error: unknown = lostError();
    try {
      for await (const { answers } of call)
        for (const { id, answer } of answers) this.#pending.get(id)?.answered(answer);
    } catch (failure) {
      error = failure;
    }
    if (call !== this.#call) return;
    this.#call = null;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    for (const { failed } of [...this.#pending.values()]) failed(error);
  }

  #restLater(): void {
    this.#idle ??= setTimeout(() => this.#rest(), IDLE_MS).unref();
    this.#idle.refresh();
  }

  #rest(): void {
    if (this.#pending.size > 0) return;
    const call = this.#call;
    this.#call = null;
    call?.end();
  }
}

const lateError = () => new TssError("DEADLINE_EXCEEDED", "The coordinator did not answer in time.");

const lostError = () =>
  new TssError("UNAVAILABLE", "The coordinator ended the stream of locks.", { reason: "CONNECTION_LOST" });
