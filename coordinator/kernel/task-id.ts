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

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
/** What an id is made of and read into; used again by every call. */
const digits = Buffer.alloc(ID_LENGTH);
const words = new Uint32Array(4);

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
      if (!read(id)) return null;
      const [w0, w1, w2, w3] = words as unknown as [number, number, number, number];
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

/**
 * 128 bits, with two zero bits in front, as 26 characters; digit 0 has three bits, the others five. Every submit, lease and
 * report passes through here, so the digits are written out: a loop over bits takes four times as long.
 */
function write(w0: number, w1: number, w2: number, w3: number): string {
  const d = digits;
  d[0] = w0 >>> 29;
  d[1] = w0 >>> 24;
  d[2] = w0 >>> 19;
  d[3] = w0 >>> 14;
  d[4] = w0 >>> 9;
  d[5] = w0 >>> 4;
  d[6] = (w0 << 1) | (w1 >>> 31);
  d[7] = w1 >>> 26;
  d[8] = w1 >>> 21;
  d[9] = w1 >>> 16;
  d[10] = w1 >>> 11;
  d[11] = w1 >>> 6;
  d[12] = w1 >>> 1;
  d[13] = (w1 << 4) | (w2 >>> 28);
  d[14] = w2 >>> 23;
  d[15] = w2 >>> 18;
  d[16] = w2 >>> 13;
  d[17] = w2 >>> 8;
  d[18] = w2 >>> 3;
  d[19] = (w2 << 2) | (w3 >>> 30);
  d[20] = w3 >>> 25;
  d[21] = w3 >>> 20;
  d[22] = w3 >>> 15;
  d[23] = w3 >>> 10;
  d[24] = w3 >>> 5;
  d[25] = w3;
  for (let place = 0; place < ID_LENGTH; place++) d[place] = CODES[(d[place] as number) & 31] as number;
  return d.toString("latin1");
}

/** The inverse of `write`: fills `words`. False: these are no digits. */
function read(text: string): boolean {
  const d = digits;
  for (let place = 0; place < ID_LENGTH; place++) {
    const value = VALUES[text.charCodeAt(place)] ?? NONE;
    if (value === NONE) return false;
    d[place] = value;
  }
  if (digit(0) > 7) return false;
  words[0] = three(0, 29) | three(3, 14) | (digit(6) >>> 1);
  words[1] = (digit(6) << 31) | three(7, 26) | three(10, 11) | (digit(13) >>> 4);
  words[2] = (digit(13) << 28) | three(14, 23) | (digit(17) << 8) | (digit(18) << 3) | (digit(19) >>> 2);
  words[3] = (digit(19) << 30) | three(20, 25) | three(23, 10);
  return true;
}

/** Three digits side by side, the first of them at `shift`. */
function three(place: number, shift: number): number {
  return (digit(place) << shift) | (digit(place + 1) << (shift - 5)) | (digit(place + 2) << (shift - 10));
}

function digit(place: number): number {
  return digits[place] as number;
}
