/** Wire types, the low three bits of a tag. */
const VARINT = 0;
const BIT64 = 1;
const DELIMITED = 2;
const BIT32 = 5;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads protobuf's wire format field by field. For the few messages that carry every task: to read one of them into the
 * objects of its schema costs four times as much. A field is known by its whole tag, number × 8 + wire type; what is
 * not known is skipped. Every method throws at bytes that are no message, and none reads beyond the message it is in.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** The next tag; 0 at the end of the message. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.#varint();
    if (tag < 8 || tag > 0xffff_ffff) throw new WireError("a tag is out of range");
    return tag;
  }

  /** An int64 or uint64 that is one in truth; exact within ±2⁵³, else the nearest number. */
  integer(): number {
    const start = this.#at;
    const value = this.#varint();
    return value <= Number.MAX_SAFE_INTEGER ? value : Number(BigInt.asIntN(64, this.#whole(start)));
  }

  /** An int32 or an enum: of more bits than it has, the lowest count. For a uint32, `>>> 0` of it. */
  int32(): number {
    const start = this.#at;
    const value = this.#varint();
    return value <= Number.MAX_SAFE_INTEGER ? value | 0 : Number(BigInt.asIntN(32, this.#whole(start)));
  }

  flag(): boolean {
    return this.#varint() !== 0;
  }

  /** A view of the message's memory. */
  bytes(): Buffer {
    const start = this.#delimited();
    return this.#bytes.subarray(start, this.#at);
  }

  /** @param like the text itself is given back where these bytes say the same: most texts say what the one before said. */
  text(like = ""): string {
    const start = this.#delimited();
    if (this.#says(like, start)) return like;
    for (let at = start; at < this.#at; at++)
      if ((this.#bytes[at] as number) > 0x7f) return utf8.decode(this.#bytes.subarray(start, this.#at));
    return this.#bytes.toString("latin1", start, this.#at);
  }

  /**
   * A text of at most `most` printable ASCII characters; null for any other, read past.
   * @param like as for `text`; it must be such a text itself.
   */
  printable(most: number, like: string): string | null {
    const start = this.#delimited();
    const length = this.#at - start;
    if (length > most) return null;
    if (length > 0 && this.#says(like, start)) return like;
    for (let at = start; at < this.#at; at++) {
      const byte = this.#bytes[at] as number;
      if (byte < 0x20 || byte > 0x7e) return null;
    }
    return this.#bytes.toString("latin1", start, this.#at);
  }

  /** Past bytes. @returns how many. */
  passBytes(): number {
    const start = this.#delimited();
    return this.#at - start;
  }

  /** Milliseconds of a Timestamp or a Duration; fractions of one are dropped. */
  milliseconds(): number {
    const outer = this.enter();
    let seconds = 0;
    let nanos = 0;
    for (let tag = this.tag(); tag !== 0; tag = this.tag()) {
      if (tag === 0x08) seconds = this.integer();
      else if (tag === 0x10) nanos = this.int32();
      else this.skip(tag);
    }
    this.leave(outer);
    return seconds * 1_000 + Math.trunc(nanos / 1_000_000);
  }

  /** Into a message that is a field: `tag` gives its fields. @returns what `leave` needs at its end. */
  enter(): number {
    const outer = this.#end;
    const start = this.#delimited();
    this.#end = this.#at;
    this.#at = start;
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** The whole message one is in, as memory of its own that keeps no other alive; to be asked at its end. @param from place at its begin. */
  copyFrom(from: number): Buffer {
    const copy = Buffer.allocUnsafe(this.#at - from);
    this.#bytes.copy(copy, 0, from, this.#at);
    return copy;
  }

  get place(): number {
    return this.#at;
  }

  /** What is read, for whoever comes back to a part of it later. */
  get source(): Buffer {
    return this.#bytes;
  }

  /** Past the value of a field. @param known the highest number of a field that is not to be passed over, whatever its wire type. */
  skip(tag: number, known = 0): void {
    if (tag >>> 3 <= known) throw new WireError(`field ${tag >>> 3} has a wire type that is not its own`);
    switch (tag & 7) {
      case VARINT:
        this.#varint();
        break;
      case BIT64:
        this.#pass(8);
        break;
      case DELIMITED:
        this.#delimited();
        break;
      case BIT32:
        this.#pass(4);
        break;
      default:
        throw new WireError("a group has no place in this message");
    }
  }

  #says(text: string, start: number): boolean {
    const { length } = text;
    if (this.#at - start !== length) return false;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f || this.#bytes[start + index] !== code) return false;
    }
    return true;
  }

  /** Past a length and what it counts. @returns where that begins. */
  #delimited(): number {
    const length = this.#varint();
    const start = this.#at;
    this.#pass(length);
    return start;
  }

  #pass(length: number): void {
    if (length > this.#end - this.#at) throw new WireError("a field reaches beyond its message");
    this.#at += length;
  }

  #varint(): number {
    // Nearly all tags, lengths and enums take one byte.
    const first = this.#bytes[this.#at] as number;
    if (first < 0x80 && this.#at < this.#end) {
      this.#at++;
      return first;
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      if (this.#at >= this.#end) throw new WireError("a number reaches beyond its message");
      const byte = this.#bytes[this.#at++] as number;
      if (byte < 0x80) return value + byte * scale;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    throw new WireError("a number has more than ten bytes");
  }

  /** The number that was just read: all of its 64 bits, which negative ones use. */
  #whole(start: number): bigint {
    let value = 0n;
    for (let at = start; at < this.#at; at++)
      value |= BigInt((this.#bytes[at] as number) & 0x7f) << BigInt((at - start) * 7);
    return value;
  }
}

/** These bytes are not the message they are said to be. */
export class WireError extends Error {}
