type Timers = Pick<typeof globalThis, "setTimeout" | "setInterval">;

interface Made {
  readonly timer: NodeJS.Timeout;
  /** Its stack says where; it is put into words only when somebody asks. */
  readonly by: Error;
}

/** What Node sets on a timer that has fired for the last time. */
interface Fired {
  readonly _destroyed: boolean;
}

const FRAMES = 4;

/**
 * Knows the timers that code of a test file makes through its global functions, and where they were made. Node counts all
 * timers of the process, those of jest among them, which come and go: that number would say nothing about the file.
 */
export class TimerWatch {
  #made: Made[] = [];
  #pruneAt = 1_000;

  /** Puts itself between the file and its timers. */
  watch(global: Timers): void {
    global.setTimeout = this.#wrap(global.setTimeout);
    global.setInterval = this.#wrap(global.setInterval);
  }

  /** Where the timers were made that still hold the process: a place, and who called it. */
  holding(): string[] {
    this.#prune();
    return this.#made.map(({ by }) => framesOf(by).join(", called "));
  }

  #wrap<F extends (...args: never[]) => NodeJS.Timeout>(make: F): F {
    const wrapped = (...args: Parameters<F>) => {
      const timer = make(...args);
      this.#note(timer, wrapped);
      return timer;
    };
    // `util.promisify` finds its own form of the function there.
    return Object.assign(wrapped, Object.fromEntries(symbolsOf(make))) as unknown as F;
  }

  #note(timer: NodeJS.Timeout, made: (...args: never[]) => unknown): void {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES;
    const by = new Error();
    Error.captureStackTrace(by, made);
    Error.stackTraceLimit = limit;
    this.#made.push({ timer, by });
    if (this.#made.length >= this.#pruneAt) this.#prune();
  }

  /** A timer that has fired, was cleared or lets the process end holds nothing. */
  #prune(): void {
    this.#made = this.#made.filter(({ timer }) => timer.hasRef() && !(timer as Partial<Fired>)._destroyed);
    this.#pruneAt = Math.max(1_000, this.#made.length * 2);
  }
}

function framesOf(error: Error): string[] {
  return String(error.stack)
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

function symbolsOf(make: object): [symbol, unknown][] {
  return Object.getOwnPropertySymbols(make).map((symbol) => [symbol, (make as Record<symbol, unknown>)[symbol]]);
}
