import { setTimeout as pause } from "node:timers/promises";
import { TssError } from "../../../proto/errors.ts";
import type { CallOptions } from "../connection-types.ts";
import { type Link, type Links, markBad } from "./links.ts";
import { UnreachableError, whyNot } from "./unreachable.ts";

/** What a coordinator answers that is to be left alone; a call that it had begun may have come to its end. */
const GOING: ReadonlySet<string> = new Set(["SHUTTING_DOWN", "STOPPING"]);
/** The task asked for is on its way to another owner, who is known in a moment. */
const ON_THE_MOVE: ReadonlySet<string> = new Set(["NOT_OWNER", "PEER_GONE"]);
/** How long a call goes after a task that moves; a dead owner is followed well before. */
const PATIENCE_MS = 10_000;

/** A call on its way to a coordinator that answers it. */
export class MovingCall {
  readonly #links: Links;
  readonly #repeatable: boolean;
  readonly #options: CallOptions;
  readonly #patientUntil: number;
  readonly #until: number;
  #wanted: Link | undefined;
  #tried = new Set<Link>();
  /** A try that may have been carried out. */
  #lost: TssError | undefined;
  /** What the last coordinator that answered said. */
  #said: TssError | undefined;

  /**
   * @param repeatable it may be sent again when nobody knows whether it was carried out.
   * @param wanted the coordinator that knows what it is about; tried first if it serves.
   */
  constructor(links: Links, repeatable: boolean, options: CallOptions, wanted?: Link) {
    this.#wanted = wanted;
    this.#links = links;
    this.#repeatable = repeatable;
    this.#options = options;
    const now = performance.now();
    this.#until = now + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#patientUntil = Math.min(now + PATIENCE_MS, this.#until);
  }

  /** For the next try: what is left of the time. */
  get options(): CallOptions {
    if (this.#options.timeoutMs === undefined) return this.#options;
    return { ...this.#options, timeoutMs: Math.max(this.#until - performance.now(), 0) };
  }

  /** Where to try it next. @throws TssError when there is nowhere left. */
  async next(): Promise<Link> {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted?.state === "good") return wanted;
    try {
      return await this.#links.choose(this.#tried, this.#until - performance.now());
    } catch (error) {
      if (this.#said !== undefined) throw this.#said;
      throw this.#lost === undefined ? error : inDoubt(error as TssError, this.#lost);
    }
  }

  /** Resolves when it is to be tried again. @throws the error when it is not. */
  async failed(link: Link, error: unknown): Promise<void> {
    if (!(error instanceof TssError) || this.#options.signal?.aborted) throw error;
    const { reason } = error;
    noteFailure(link, error);
    if (error.code !== "UNAVAILABLE") throw error;
    if (error instanceof UnreachableError || reason === "STANDBY") {
      this.#tried.add(link);
      return;
    }
    if (!this.#repeatable) throw error;
    if (reason === "CONNECTION_LOST" || GOING.has(reason)) {
      this.#tried.add(link);
      this.#lost = error;
      return;
    }
    if (!ON_THE_MOVE.has(reason) || performance.now() > this.#patientUntil) throw error;
    this.#said = error;
    const { signal } = this.#options;
    // Given up meanwhile, the next try says so.
    await pause(error.retryAfterMs ?? 200, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    this.#tried = new Set();
  }
}

/** What a failure says about the coordinator, whatever becomes of the call. */
export function noteFailure(link: Link, error: TssError): void {
  if (error instanceof UnreachableError || error.reason === "STANDBY" || GOING.has(error.reason))
    markBad(link, whyNot(error));
  // It may be there all the same: the next to come asks it.
  else if (error.reason === "CONNECTION_LOST" || error.code === "DEADLINE_EXCEEDED") link.state = "unknown";
}

/** Nobody answers any more, and one who did may have done what was asked. */
function inDoubt(error: TssError, lost: TssError): TssError {
  return new TssError(error.code, error.message, { reason: "CONNECTION_LOST", cause: lost });
}
