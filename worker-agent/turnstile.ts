/** Lets at most `places` pass at a time; the others wait in the order they came. */
export interface Turnstile {
  /** Resolves false when `until` is aborted before its turn; true means `leave` must be called. */
  enter(until: AbortSignal): Promise<boolean>;
  /** Is inside already, whether there is a place or not. `leave` must be called. */
  occupy(): void;
  leave(): void;
}

export function createTurnstile(places: number): Turnstile {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    async enter(until) {
      if (until.aborted) return false;
      if (inside >= places) {
        const turn = Promise.withResolvers<boolean>();
        const pass = (): void => turn.resolve(true);
        const giveUp = (): void => {
          const place = waiting.indexOf(pass);
          if (place < 0) return;
          waiting.splice(place, 1);
          turn.resolve(false);
        };
        waiting.push(pass);
        until.addEventListener("abort", giveUp, { once: true });
        const passed = await turn.promise;
        until.removeEventListener("abort", giveUp);
        return passed;
      }
      inside += 1;
      return true;
    },
    occupy() {
      inside += 1;
    },
    leave() {
      const next = inside > places ? undefined : waiting.shift();
      // The place goes on to the next one: `inside` stays.
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}
