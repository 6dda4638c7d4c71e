/**
 * Finds many patterns in one pass over bytes (Aho and Corasick, 1975). A state stands for the longest end of what was read
 * that some pattern begins with. Most states go on with one byte only, so a state keeps one way on beside itself and the
 * others in a map: 19 bytes each, whatever the bytes are.
 */
export interface PatternMachine {
  /** State after a byte, from the state in which nothing was read that matters; 0: that one again. By byte. */
  readonly begins: Int32Array;
  /** By two bytes, the first in the high half: 0 where no pattern begins with both. Most text is passed by this table alone. */
  readonly pairs: Uint8Array;
  /** By state: how many of the last bytes it stands for. */
  readonly depth: Int32Array;
  /** By state: length of the longest pattern that ends here; 0: none. */
  readonly match: Int32Array;
  step(state: number, byte: number): number;
  /** The bytes a state stands for. */
  bytesOf(state: number): Uint8Array;
}

export function buildMachine(patterns: readonly Uint8Array[]): PatternMachine {
  const states = 1 + patterns.reduce((sum, { length }) => sum + length, 0);
  const begins = new Int32Array(256);
  const pairs = new Uint8Array(256 * 256);
  const way = new Int32Array(states);
  const wayByte = new Uint8Array(states);
  const branches = new Uint8Array(states);
  const others = new Map<number, number>();
  const parent = new Int32Array(states);
  const byteOf = new Uint8Array(states);
  const depth = new Int32Array(states);
  const match = new Int32Array(states);
  const fallback = new Int32Array(states);
  let made = 1;

  const child = (state: number, byte: number): number => {
    if (state === 0) return begins[byte] as number;
    if (way[state] !== 0 && wayByte[state] === byte) return way[state] as number;
    return branches[state] === 0 ? 0 : (others.get(state * 256 + byte) ?? 0);
  };
  const step = (from: number, byte: number): number => {
    let state = from;
    for (;;) {
      const next = child(state, byte);
      if (next !== 0 || state === 0) return next;
      state = fallback[state] as number;
    }
  };
  const addChild = (state: number, byte: number): number => {
    const next = made;
    made += 1;
    if (state === 0) begins[byte] = next;
    else if (way[state] === 0) {
      way[state] = next;
      wayByte[state] = byte;
    } else {
      branches[state] = 1;
      others.set(state * 256 + byte, next);
    }
    parent[next] = state;
    byteOf[next] = byte;
    depth[next] = (depth[state] as number) + 1;
    return next;
  };

  for (const pattern of patterns) {
    let state = 0;
    for (const byte of pattern) state = child(state, byte) || addChild(state, byte);
    match[state] = pattern.length;
    const [first = 0, second] = pattern;
    if (second === undefined) pairs.fill(1, first * 256, (first + 1) * 256);
    else pairs[first * 256 + second] = 1;
  }
  // Shallow states first: what a state falls back to is always shallower.
  for (const state of byDepth(depth, made)) {
    const before = parent[state] as number;
    const back = before === 0 ? 0 : step(fallback[before] as number, byteOf[state] as number);
    fallback[state] = back;
    if (match[state] === 0) match[state] = match[back] as number;
  }
  return {
    begins,
    pairs,
    depth,
    match,
    step,
    bytesOf(state) {
      const bytes = new Uint8Array(depth[state] as number);
      for (let at = state, place = bytes.length - 1; place >= 0; place -= 1) {
        bytes[place] = byteOf[at] as number;
        at = parent[at] as number;
      }
      return bytes;
    },
  };
}

function byDepth(depth: Int32Array, made: number): Int32Array {
  let deepest = 0;
  for (let state = 1; state < made; state += 1) deepest = Math.max(deepest, depth[state] as number);
  const places = new Int32Array(deepest + 2);
  for (let state = 1; state < made; state += 1) {
    const at = (depth[state] as number) + 1;
    places[at] = (places[at] as number) + 1;
  }
  for (let at = 1; at < places.length; at += 1) places[at] = (places[at] as number) + (places[at - 1] as number);
  const sorted = new Int32Array(made - 1);
  for (let state = 1; state < made; state += 1) {
    const at = depth[state] as number;
    sorted[places[at] as number] = state;
    places[at] = (places[at] as number) + 1;
  }
  return sorted;
}
