import { type Backoff, backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import { abortableWait, aborted } from "./wait.ts";

/** A duty that runs for as long as its process does. */
export interface Part {
  readonly name: string;
  /** @param signal aborted when the supervisor is stopped in the meantime. */
  start(signal: AbortSignal): Promise<RunningPart> | RunningPart;
}

export interface RunningPart {
  /** Settles, either way, when the part has ended by itself: it is started again. Absent: it never does. */
  readonly ended?: Promise<void>;
  stop(): Promise<void> | void;
}

export interface SupervisorOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Pause before a fallen part is started again. Default: 100 ms doubling up to 10 s, a fifth of it by chance. */
  readonly backoff?: Backoff;
  /** Falls of one part within `windowMs` that are forgiven. Default 5 in 60 s. */
  readonly forgiven?: number;
  readonly windowMs?: number;
  /** 0 ≤ chance < 1. */
  readonly chance?: () => number;
}

const DEFAULT_BACKOFF: Backoff = { growth: "exponential", firstMs: 100, capMs: 10_000, jitter: 0.2 };

/**
 * Starts the parts one after the other; a part that falls later is started again after a pause.
 * @throws what a part's first start throws, after those before it have been stopped in reverse.
 */
export async function supervise(parts: readonly Part[], options: SupervisorOptions): Promise<Supervisor> {
  const supervisor = new Supervisor(options);
  try {
    for (const part of parts) await supervisor.add(part);
  } catch (error) {
    await supervisor
      .stop()
      .catch((late: Error) => options.logger.error({ error: late.message }, "a part did not stop"));
    throw error;
  }
  return supervisor;
}

/** Keeps parts running and stops them in reverse order. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #kept: Kept[] = [];
  readonly #stopping = new AbortController();
  readonly #gaveUp = Promise.withResolvers<Error>();
  #stopped: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Resolves when a part has fallen more often than is forgiven: the process should end. */
  get gaveUp(): Promise<Error> {
    return this.#gaveUp.promise;
  }

  async add(part: Part): Promise<void> {
    const kept: Kept = { part, running: await part.start(this.#stopping.signal), falls: [], loop: Promise.resolve() };
    this.#kept.push(kept);
    kept.loop = this.#keep(kept);
    // An error of a late stop is told by whoever awaits the loop.
    kept.loop.catch(() => {});
  }

  /**
   * Stops the parts, last started first, each one even if another fails to stop. Safe to call twice.
   * @throws AggregateError with every error of a stop.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    this.#stopping.abort();
    const errors: unknown[] = [];
    for (const kept of this.#kept.toReversed()) {
      try {
        await kept.running?.stop();
        await kept.loop;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, errors.map((error) => (error as Error).message).join("; "));
  }

  async #keep(kept: Kept): Promise<void> {
    const { logger, clock } = this.#options;
    const { forgiven = 5, windowMs = 60_000, backoff = DEFAULT_BACKOFF, chance = Math.random } = this.#options;
    const stopping = this.#stopping.signal;
    while (kept.running?.ended) {
      let error = await Promise.race([endOf(kept.running.ended), aborted(stopping)]);
      if (!error) return;
      kept.running = null;
      while (kept.running === null) {
        if (stopping.aborted) return;
        kept.falls = [...kept.falls.filter((at) => clock.monotonic() - at < windowMs), clock.monotonic()];
        if (kept.falls.length > forgiven) {
          this.#gaveUp.resolve(new Error(`${kept.part.name} fell ${kept.falls.length} times: ${error.message}`));
          return;
        }
        const pauseMs = backoffMs(backoff, kept.falls.length, chance());
        logger.error({ part: kept.part.name, error: error.message, pauseMs }, "a part fell and is started again");
        if (!(await abortableWait(pauseMs, stopping))) return;
        try {
          kept.running = await kept.part.start(stopping);
        } catch (again) {
          error = again as Error;
        }
      }
      // Stopped while it was being started: the one who stops has passed it by.
      if (stopping.aborted) {
        const late = kept.running;
        kept.running = null;
        await late.stop();
      }
    }
  }
}

interface Kept {
  readonly part: Part;
  running: RunningPart | null;
  /** Monotonic times of its late falls. */
  falls: readonly number[];
  loop: Promise<void>;
}

function endOf(ended: Promise<void>): Promise<Error> {
  return ended.then(
    () => new Error("it ended without being told to"),
    (error: Error) => error,
  );
}
