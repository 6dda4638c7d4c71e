/** Where encoded messages go: a response stream of grpc-js. */
export interface MessageSink {
  write(bytes: Uint8Array, callback: () => void): boolean;
}

function unlessOver(signal: AbortSignal, wait: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    wait(done);
  });
}

/** Writes messages and counts the bytes that the peer has not taken, which grpc-js counts only in messages. */
export class StreamSender {
  private readonly sink: MessageSink;
  private readonly bound: number;
  private readonly waiting: (() => void)[] = [];
  private readonly empty: (() => void)[] = [];
  private unsent = 0;

  /** @param bound unsent bytes past which the sender is congested. */
  constructor(sink: MessageSink, bound: number) {
    this.sink = sink;
    this.bound = bound;
  }

  /** @returns false when the peer reads too slowly: wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    this.unsent += bytes.length;
    this.sink.write(bytes, () => {
      this.unsent -= bytes.length;
      if (this.unsent === 0) for (const resume of this.empty.splice(0)) resume();
      if (!this.congested) for (const resume of this.waiting.splice(0)) resume();
    });
    return !this.congested;
  }

  get congested(): boolean {
    return this.unsent > this.bound;
  }

  /** Calls back once when the peer has caught up; never after the stream is gone. */
  onDrained(callback: () => void): void {
    if (this.congested) this.waiting.push(callback);
    else callback();
  }

  /** Resolves when the peer has caught up or the call is over. */
  drained(signal: AbortSignal): Promise<void> {
    return unlessOver(signal, (done) => this.onDrained(done));
  }

  /** Resolves when every message has left or the call is over. */
  emptied(signal: AbortSignal): Promise<void> {
    return unlessOver(signal, (done) => {
      if (this.unsent === 0) done();
      else this.empty.push(done);
    });
  }
}
