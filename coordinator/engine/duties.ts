import { FencedError } from "../ports/store-errors.ts";
import type { EngineState } from "./state.ts";

/** What an engine does again and again: each duty one at a time; a failure is told and tried at the next beat. */
export class Duties {
  readonly #state: EngineState;
  readonly #fenced: (error: FencedError) => Promise<void>;
  readonly #rests: (() => void)[] = [];

  /** @param fenced told what an owner learns here that has nothing to write: it is one no more. */
  constructor(state: EngineState, fenced: (error: FencedError) => Promise<void>) {
    this.#state = state;
    this.#fenced = fenced;
  }

  every(name: string, everyMs: number, duty: () => Promise<void>): void {
    const state = this.#state;
    let busy = false;
    const beat = async () => {
      if (busy || state.stopped !== null || state.storeProblem !== null) return;
      busy = true;
      try {
        await duty();
      } catch (error) {
        if (error instanceof FencedError) await this.#fenced(error);
        else if (state.stopped === null)
          state.logger.warn({ error: (error as Error).message, duty: name }, "a duty failed");
      } finally {
        busy = false;
      }
    };
    this.#rests.push(state.timers.every(everyMs, () => void beat()));
  }

  stop(): void {
    for (const rest of this.#rests) rest();
  }
}
