import type { Machines } from "./machines-of.ts";
import { createWrappedScanner } from "./wrapped-scanner.ts";

/** Takes bytes in any pieces and gives them back with every pattern masked. */
export interface Redactor {
  /** What is certain by now; the rest, which may be the begin of a pattern, waits for more. */
  push(data: Uint8Array): Uint8Array;
  /**
   * Nothing follows: gives what waits.
   * @param maskFrom masks the begin of a pattern that has so many bytes: who wrote it may have been ended in the middle.
   */
  end(maskFrom?: number): Uint8Array;
  /** What waits, in words that say nothing of it to who does not know the patterns. */
  readonly waiting: Waiting;
}

export interface Waiting {
  /** Of the plain machine; 0: nothing waits for it. */
  readonly state: number;
  /** Of the machine for what is broken into lines. */
  readonly wrapped: number;
  /** The breaks that it passed over, each with its place in what waits and its byte. */
  readonly breaks: readonly (readonly [place: number, byte: number])[];
  /** How many bytes wait, breaks included. */
  readonly held: number;
  /** So many of its first bytes are masked already. */
  readonly masked: number;
}

export const NOTHING_WAITS: Waiting = { state: 0, wrapped: 0, breaks: [], held: 0, masked: 0 };

const MASK = Buffer.from("***");
const NOTHING = new Uint8Array(0);

/** Bytes that are masked, by place in all that was pushed. */
interface Stretch {
  start: number;
  end: number;
  /** Its mask is out: what follows of it is left out. */
  shown: boolean;
}

/**
 * Every byte that belongs to any occurrence of any pattern is masked, occurrences that overlap by one mask. No byte leaves
 * before it is certain that no occurrence holds it, so that it does not matter where the pieces are cut.
 * @param from what waited in an earlier redactor of the same patterns, whose bytes are given anew.
 */
export function createRedactor(machines: Machines, from?: Waiting): Redactor {
  const { plain: machine, wrapped } = machines;
  const { begins, pairs, depth, match } = machine;
  let stretches: Stretch[] = [];
  let wrappedStretches: Stretch[] = [];
  let state = 0;
  /** Place behind the last byte that was pushed. */
  let place = 0;
  let held: Uint8Array = NOTHING;

  const scanner = createWrappedScanner(wrapped, (start, end) => add(wrappedStretches, { start, end, shown: false }));
  const found = (length: number, end: number): void => add(stretches, { start: end - length, end, shown: false });

  const joinWrapped = (): void => {
    if (wrappedStretches.length === 0) return;
    const all = [...stretches, ...wrappedStretches].sort((a, b) => a.start - b.start);
    stretches = [];
    wrappedStretches = [];
    for (const stretch of all) add(stretches, stretch);
  };

  const scan = (data: Uint8Array): void => {
    const last = data.length - 1;
    let now = state;
    for (let at = 0; at <= last; at += 1) {
      if (now === 0) {
        while (at < last && pairs[((data[at] as number) << 8) | (data[at + 1] as number)] === 0) at += 1;
        now = begins[data[at] as number] as number;
      } else now = machine.step(now, data[at] as number);
      if (match[now] !== 0) found(match[now] as number, place + at + 1);
    }
    state = now;
    place += data.length;
  };

  /** The bytes before `until`, which begin at `start`, with their masks. */
  const show = (bytes: Uint8Array, start: number, until: number): Uint8Array => {
    if (stretches.length === 0) return bytes.subarray(0, until - start);
    const parts: Uint8Array[] = [];
    let at = start;
    while (at < until) {
      const stretch = stretches[0];
      const plainEnd = Math.min(stretch?.start ?? until, until);
      if (plainEnd > at) parts.push(bytes.subarray(at - start, plainEnd - start));
      at = Math.max(at, plainEnd);
      if (stretch === undefined || at >= until) break;
      if (!stretch.shown) parts.push(MASK);
      stretch.shown = true;
      at = Math.min(stretch.end, until);
      if (stretch.end <= until) stretches.shift();
      else stretch.start = until;
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  };

  const push = (data: Uint8Array): Uint8Array => {
    const start = place - held.length;
    scan(data);
    scanner.scan(data);
    joinWrapped();
    const bytes = held.length === 0 ? data : Buffer.concat([held, data]);
    const certain = Math.min(place - (depth[state] as number), scanner.start);
    scanner.forget(certain);
    const shown = show(bytes, start, certain);
    // The piece that waits is copied: the buffer it is part of is the reader's.
    held = certain === place ? NOTHING : bytes.slice(certain - start);
    return shown;
  };

  if (from !== undefined) {
    held = heldBy(machines, from);
    scan(held);
    scanner.resume(
      held,
      from.breaks.map(([at]) => at),
    );
    joinWrapped();
    const masked = Math.min(from.masked, held.length);
    while (stretches[0] !== undefined && stretches[0].start < masked) {
      const { end } = stretches.shift() as Stretch;
      if (end > masked) stretches.unshift({ start: masked, end, shown: true });
    }
    if (masked > 0) stretches.unshift({ start: 0, end: masked, shown: true });
  }
  return {
    push,
    end(maskFrom = Number.POSITIVE_INFINITY) {
      const start = place - held.length;
      // The break that an output ends in is no part of what it said.
      let until = place;
      while (scanner.breaks.includes(until - 1)) until -= 1;
      if (held.length - scanner.breaks.length >= maskFrom) found(until - start, until);
      const shown = show(held, start, place);
      state = 0;
      scanner.end();
      held = NOTHING;
      return shown;
    },
    get waiting() {
      const first = stretches[0];
      const start = place - held.length;
      return {
        state,
        wrapped: scanner.state,
        breaks: scanner.breaks.map((at) => [at - start, held[at - start] as number] as const),
        held: held.length,
        masked: first?.shown ? first.end - start : 0,
      };
    },
  };
}

/** Adds a stretch that begins or ends behind all others; those that it overlaps become part of it. */
function add(stretches: Stretch[], stretch: Stretch): void {
  for (let last = stretches.at(-1); last !== undefined && last.end > stretch.start; last = stretches.at(-1)) {
    stretch.start = Math.min(stretch.start, last.start);
    stretch.end = Math.max(stretch.end, last.end);
    stretch.shown ||= last.shown;
    stretches.pop();
  }
  stretches.push(stretch);
}

/** The bytes that waited: those of the machine that goes back farther. */
function heldBy({ plain, wrapped }: Machines, from: Waiting): Uint8Array {
  if ((plain.depth[from.state] as number) >= from.held) return plain.bytesOf(from.state);
  const bytes = [...wrapped.bytesOf(from.wrapped)];
  for (const [place, byte] of from.breaks) bytes.splice(place, 0, byte);
  return Uint8Array.from(bytes);
}

/** The bytes as a whole, redacted. */
export function redactBytes(machine: Machines, bytes: Uint8Array): Uint8Array {
  const redactor = createRedactor(machine);
  const begin = redactor.push(bytes);
  const rest = redactor.end();
  return rest.length === 0 ? begin : Buffer.concat([begin, rest]);
}
