import type { TaskRef } from "./task-ref.ts";

/**
 * The public id of a task: version (4 bits), shard (12), lane (32), seq (53) and check bits (27), as 26 characters of
 * Crockford's base 32 in lower case. The check bits are keyed by the installation's salt, so a mistyped, truncated or
 * made-up id is told from a real one without asking the database, but for one in 2²⁷. They are no secret and protect nothing.
 */
export interface IdCodec {
  encode(ref: TaskRef): string;
  /** Null when the text is not an id of this installation. Upper case is read too. */
  decode(id: string): TaskRef | null;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH = 26;
const VERSION = 1;
const CHECK_MASK = (1 << 27) - 1;

const NONE = 255;
/** Value by ASCII code, in both cases; other scripts have letters whose lower case is one of these and are no part of it. */
const VALUES = new Uint8Array(128).fill(NONE);
for (const [value, character] of [...ALPHABET].entries())
  for (const form of [character, character.toUpperCase()]) VALUES[form.charCodeAt(0)] = value;

/** @param salt at least 16 bytes, fixed when the database was made. */
export function createIdCodec(salt: Uint8Array): IdCodec {
  const view = new DataView(salt.buffer, salt.byteOffset, salt.byteLength);
  const keys = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)] as const;

  const check = (w0: number, w1: number, w2: number, low5: number): number => {
    let hash = keys[0];
    hash = mix(hash ^ w0, keys[1]);
    hash = mix(hash ^ w1, keys[2]);
    hash = mix(hash ^ w2, keys[3]);
    hash = mix(hash ^ low5, keys[0] ^ 0x9e3779b9);
    return hash & CHECK_MASK;
  };

  return {
    encode(ref) {
      const { shard, lane, seq } = ref;
      const low5 = seq % 32;
      const w0 = ((VERSION << 28) | (shard << 16) | (lane >>> 16)) >>> 0;
      const w1 = ((lane << 16) | Math.floor(seq / 2 ** 37)) >>> 0;
      const w2 = (Math.floor(seq / 32) % 2 ** 32) >>> 0;
      const w3 = ((low5 << 27) | check(w0, w1, w2, low5)) >>> 0;
      return write(w0, w1, w2, w3);
    },
    decode(id) {
      if (id.length !== ID_LENGTH) return null;
      const words = read(id);
      if (words === null) return null;
      const [w0, w1, w2, w3] = words;
      const low5 = w3 >>> 27;
      if (w0 >>> 28 !== VERSION || (w3 & CHECK_MASK) !== check(w0, w1, w2, low5)) return null;
      return {
        shard: (w0 >>> 16) & 0xfff,
        lane: (((w0 & 0xffff) << 16) | (w1 >>> 16)) >>> 0,
        seq: (w1 & 0xffff) * 2 ** 37 + w2 * 32 + low5,
      };
    },
  };
}

/** One round of a multiply–xorshift hash (constants of MurmurHash3's finaliser). */
function mix(value: number, key: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b) ^ key;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 128 bits, with two zero bits in front, as 26 characters. */
function write(w0: number, w1: number, w2: number, w3: number): string {
  const words = [w0, w1, w2, w3];
  let text = "";
  for (let place = 0; place < ID_LENGTH; place++) {
    const bit = place * 5 - 2;
    text += ALPHABET[five(words, bit)];
  }
  return text;
}

function five(words: readonly number[], bit: number): number {
  if (bit < 0) return (words[0] as number) >>> 29;
  const word = bit >>> 5;
  const offset = bit & 31;
  if (offset <= 27) return ((words[word] as number) >>> (27 - offset)) & 31;
  const spill = offset - 27;
  return (((words[word] as number) << spill) | ((words[word + 1] as number) >>> (32 - spill))) & 31;
}

/** The inverse of `write`; by words of 32 bits, since every report of an attempt brings an id to read. */
function read(text: string): readonly [number, number, number, number] | null {
  const words: [number, number, number, number] = [0, 0, 0, 0];
  for (let place = 0; place < ID_LENGTH; place++) {
    const value = VALUES[text.charCodeAt(place)] ?? NONE;
    if (value === NONE || (place === 0 && value > 7)) return null;
    put(words, place * 5 - 2, value);
  }
  return [words[0] >>> 0, words[1] >>> 0, words[2] >>> 0, words[3] >>> 0];
}

function put(words: number[], bit: number, value: number): void {
  if (bit < 0) {
    words[0] = value << 29;
    return;
  }
  const word = bit >>> 5;
  const spill = (bit & 31) - 27;
  if (spill <= 0) words[word] = (words[word] as number) | (value << -spill);
  else {
    words[word] = (words[word] as number) | (value >>> spill);
    words[word + 1] = (words[word + 1] as number) | (value << (32 - spill));
  }
}
