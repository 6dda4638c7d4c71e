import { TssError } from "../../proto/errors.ts";
import type { ProblemFrame } from "./frames.ts";
import { pause } from "./poll-source.ts";
import type { Listener, Source, State } from "./source.ts";

/** Pause before a source that failed begins anew, ms. */
const AGAIN_MS = 1_000;

/** Codes that another try cannot change. */
const FINAL = new Set(["NOT_FOUND", "INVALID_ARGUMENT", "UNIMPLEMENTED"]);

export interface TopicOptions {
  readonly source: Source;
  /** A key was refused: it is looked at before the next try. */
  readonly refused: (authorization: string) => Promise<void>;
}

interface Entry {
  readonly listener: Listener;
  readonly headers: Record<string, string>;
}

/** One source and everybody who listens to it. Owns the source's life; its state is read by the listeners. */
export class Topic {
  state: State | undefined;
  /** Nothing more can come. */
  finished = false;
  readonly #entries = new Map<Listener, Entry>();
  readonly #stop = new AbortController();
  readonly #options: TopicOptions;
  #headers: Record<string, string> = {};
  #problem: Omit<ProblemFrame, "topic"> | undefined;

  constructor(options: TopicOptions) {
    this.#options = options;
  }

  get listeners(): number {
    return this.#entries.size;
  }

  join(listener: Listener, headers: Record<string, string>): void {
    this.#entries.set(listener, { listener, headers });
    if (this.state !== undefined) listener.changed();
    else if (this.#problem !== undefined) listener.problem(this.#problem);
  }

  leave(listener: Listener): void {
    this.#entries.delete(listener);
  }

  close(): void {
    this.#stop.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#options.source({
          signal,
          headers: () => this.#useHeaders(),
          state: (state) => this.#tell(state),
          output: (frame) => this.#each((listener) => listener.output(frame)),
        });
        this.finished = true;
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.finished = await this.#failed(error);
        if (this.finished) return;
        await pause(AGAIN_MS, signal);
      }
    }
  }

  /** The key of somebody who listens now; when all have just left, of the last of them. */
  #useHeaders(): Record<string, string> {
    const [entry] = this.#entries.values();
    this.#headers = entry?.headers ?? this.#headers;
    return this.#headers;
  }

  #tell(state: State): void {
    this.state = state;
    this.#problem = undefined;
    this.#each((listener) => listener.changed());
  }

  /** True: there is nothing to try again. */
  async #failed(error: unknown): Promise<boolean> {
    const code = error instanceof TssError ? error.code : "UNAVAILABLE";
    if (code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED") {
      await this.#options.refused(this.#headers["authorization"] ?? "");
      return false;
    }
    const final = FINAL.has(code);
    this.#problem = { code, detail: (error as Error).message, final };
    this.#each((listener) => listener.problem(this.#problem as Omit<ProblemFrame, "topic">));
    return final;
  }

  #each(tell: (listener: Listener) => void): void {
    for (const { listener } of this.#entries.values()) tell(listener);
  }
}
