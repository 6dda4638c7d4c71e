import type { PatternMachine } from "./pattern-machine.ts";

/**
 * Looks for what is encoded (base64, hex) as if the breaks between its lines were not there. A break is passed over only
 * behind a line that ends in many encoded characters: were it any break, the end of every other line of a log would wait.
 */
export interface WrappedScanner {
  scan(data: Uint8Array): void;
  /** In place of a first scan: bytes that waited in an earlier scanner, and where in them it passed over a break. */
  resume(held: Uint8Array, breaks: readonly number[]): void;
  /** Breaks before this place are asked for no more. */
  forget(before: number): void;
  /** Nothing follows. */
  end(): void;
  /** Where what may be the begin of a pattern begins, its breaks included; behind the last byte: nothing may be. */
  readonly start: number;
  /** Of the machine. */
  readonly state: number;
  /** Places of the breaks that were passed over. */
  readonly breaks: readonly number[];
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Encoded characters before a break. Programs break at 60 (`xxd -p`), 64 (PEM) and 76 (`base64`). */
const SHORTEST_LINE = 32;

const ENCODED = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="))
  ENCODED[byte] = 1;

/** A machine whose table of pairs does not pass over a pattern that is broken behind its first byte. */
export function acrossBreaks(machine: PatternMachine): PatternMachine {
  const pairs = machine.pairs.slice();
  for (let byte = 0; byte < 256; byte += 1)
    if (machine.begins[byte] !== 0) for (const second of [LINE_FEED, CARRIAGE_RETURN]) pairs[(byte << 8) | second] = 1;
  return { ...machine, pairs };
}

/** @param found is told of every occurrence that holds a break; one that holds none is the plain search's. */
export function createWrappedScanner(
  machine: PatternMachine,
  found: (start: number, end: number) => void,
): WrappedScanner {
  const { begins, pairs, depth, match } = machine;
  let breaks: number[] = [];
  let state = 0;
  let place = 0;
  /** Encoded characters that the last piece ended in. */
  let run = 0;

  const startOf = (length: number, end: number): number => {
    let start = end - length;
    for (let at = breaks.length - 1; at >= 0 && (breaks[at] as number) >= start; at -= 1) start -= 1;
    return start;
  };

  const runBefore = (data: Uint8Array, end: number): number => {
    let at = end;
    while (at > 0 && end - at < SHORTEST_LINE && ENCODED[data[at - 1] as number] === 1) at -= 1;
    return at === 0 ? end + run : end - at;
  };

  const passesOver = (data: Uint8Array, at: number): boolean => {
    const byte = data[at];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) return false;
    if (runBefore(data, at) >= SHORTEST_LINE) return true;
    return byte === LINE_FEED && afterReturn && breaks.at(-1) === place + at - 1;
  };
  /** The last break that was passed over is a carriage return, which a line feed may follow. */
  let afterReturn = false;

  const tell = (end: number): void => {
    const length = match[state] as number;
    if (length === 0) return;
    const start = startOf(length, end);
    if (end - start > length) found(start, end);
  };

  return {
    scan(data) {
      const last = data.length - 1;
      for (let at = 0; at <= last; at += 1) {
        if (state === 0) {
          while (at < last && pairs[((data[at] as number) << 8) | (data[at + 1] as number)] === 0) at += 1;
          state = begins[data[at] as number] as number;
        } else if (passesOver(data, at)) {
          afterReturn = data[at] === CARRIAGE_RETURN;
          breaks.push(place + at);
          continue;
        } else state = machine.step(state, data[at] as number);
        if (match[state] !== 0) tell(place + at + 1);
      }
      run = Math.min(runBefore(data, data.length), SHORTEST_LINE);
      place += data.length;
    },
    resume(held, passed) {
      for (const [at, byte] of held.entries()) {
        if (passed.includes(at)) breaks.push(at);
        else {
          state = machine.step(state, byte);
          tell(at + 1);
        }
      }
      place = held.length;
      afterReturn = held.at(-1) === CARRIAGE_RETURN;
      // How the line began is not known: better that its end waits than that a value is seen.
      run = ENCODED[held.at(-1) ?? 0] === 1 || held.length === 0 ? SHORTEST_LINE : 0;
    },
    forget(before) {
      if ((breaks[0] ?? before) < before) breaks = breaks.filter((at) => at >= before);
    },
    end() {
      state = 0;
      breaks = [];
    },
    get start() {
      return startOf(depth[state] as number, place);
    },
    get state() {
      return state;
    },
    get breaks() {
      return breaks;
    },
  };
}
