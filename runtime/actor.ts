export interface ActorOptions<M> {
  /** For error messages. */
  readonly name: string;
  /** Messages that may wait; one more is refused. */
  readonly capacity: number;
  /**
   * Handles one message; the next one comes when it has settled. An error fells the actor.
   * @param signal aborted when the actor is told not to finish what waits.
   */
  handle(message: M, signal: AbortSignal): void | Promise<void>;
}

/** Where the answer to a message goes; the first answer counts. */
export interface Reply<R> {
  resolve(value: R): void;
  reject(error: Error): void;
}

/** The actor is full or has ended: the message was not taken. */
export class MailboxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MailboxError";
  }
}

/** Owns its state and handles one message at a time, in the order they came. */
export class Actor<M> {
  readonly #options: ActorOptions<M>;
  readonly #mailbox: M[] = [];
  readonly #asked = new Set<(error: Error) => void>();
  readonly #abort = new AbortController();
  readonly #end = Promise.withResolvers<void>();
  #state: "open" | "stopping" | "ended" = "open";
  #busy = false;

  constructor(options: ActorOptions<M>) {
    this.#options = options;
    // Whoever watches `ended` hears of a fall; without a watcher it must not end the process a second time.
    this.#end.promise.catch(() => {});
  }

  /** Settles when nothing will be handled any more: rejected with the error that felled the actor, if one did. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#mailbox.length;
  }

  /** @returns false when the mailbox is full or the actor takes no more; the message is dropped then. */
  tell(message: M): boolean {
    if (this.#state !== "open" || this.#mailbox.length >= this.#options.capacity) return false;
    this.#mailbox.push(message);
    if (!this.#busy) {
      this.#busy = true;
      queueMicrotask(() => void this.#work());
    }
    return true;
  }

  /**
   * Sends the message made with `reply` and waits for the answer.
   * @throws MailboxError when it is not taken, or the actor ends without answering; else what the handler rejects with.
   */
  ask<R>(make: (reply: Reply<R>) => M): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const over = (error: Error): void => reject(error);
    this.#asked.add(over);
    promise.then(
      () => this.#asked.delete(over),
      () => this.#asked.delete(over),
    );
    if (!this.tell(make({ resolve, reject })))
      reject(new MailboxError(`${this.#options.name} ${this.#state === "open" ? "is full" : "has been stopped"}`));
    return promise;
  }

  /**
   * Takes nothing more and handles what waits. Safe to call twice.
   * @param now when aborted, what waits is dropped and the handler's signal is aborted.
   */
  async stop(now?: AbortSignal): Promise<void> {
    if (this.#state === "open") this.#state = "stopping";
    const drop = (): void => {
      this.#mailbox.length = 0;
      this.#abort.abort();
    };
    if (now?.aborted) drop();
    else now?.addEventListener("abort", drop, { once: true });
    if (!this.#busy) this.#finish();
    await this.#end.promise.catch(() => {});
    now?.removeEventListener("abort", drop);
  }

  async #work(): Promise<void> {
    try {
      for (let message = this.#mailbox.shift(); message !== undefined; message = this.#mailbox.shift())
        await this.#options.handle(message, this.#abort.signal);
      this.#busy = false;
      if (this.#state === "stopping") this.#finish();
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  #finish(error?: Error): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#mailbox.length = 0;
    for (const over of this.#asked)
      over(error ?? new MailboxError(`${this.#options.name} has ended without an answer`));
    if (error === undefined) this.#end.resolve();
    else this.#end.reject(error);
  }
}
