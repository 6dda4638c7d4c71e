const FIRST_BYTES = 4 * 1024;
/** A buffer that one large message made larger is not kept. */
const KEEP_BYTES = 256 * 1024;
/** Longest text that is written character by character: a call into the runtime costs as much. */
const SHORT = 64;

/**
 * Writes protobuf's wire format field by field, into one buffer that is used again; the counterpart of `WireReader`. As in
 * proto3, a scalar of zero and an empty text are not written.
 */
export class WireWriter {
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** Any whole number within ±2⁵³ of any varint type but sint. */
  integer(field: number, value: number): void {
    if (value === 0) return;
    if (value < 0) return this.optional(field, value);
    this.#room(20);
    this.#varint(field * 8);
    this.#varint(value);
  }

  /** The same for a field that is `optional`: zero is written too. */
  optional(field: number, value: number): void {
    this.#room(20);
    this.#varint(field * 8);
    if (value >= 0) return this.#varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  flag(field: number, value: boolean): void {
    if (value) this.integer(field, 1);
  }

  text(field: number, value: string): void {
    if (value === "") return;
    const { length } = value;
    this.#room(20 + length * 3);
    this.#varint(field * 8 + 2);
    if (length > SHORT || !this.#ascii(value)) this.#utf8(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#room(20 + value.length);
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** A Timestamp or a Duration of at least 0 ms, which are the same on the wire; 0 is not written. */
  milliseconds(field: number, value: number): void {
    if (value === 0) return;
    const place = this.begin(field);
    const seconds = Math.floor(value / 1_000);
    this.integer(1, seconds);
    this.integer(2, Math.round((value - seconds * 1_000) * 1_000_000));
    this.end(place);
  }

  /** Begins a field that is a message. @returns what `end` needs. */
  begin(field: number): number {
    this.#room(20);
    this.#varint(field * 8 + 2);
    return this.#at++;
  }

  end(place: number): void {
    const length = this.#at - place - 1;
    if (length < 0x80) {
      this.#bytes[place] = length;
      return;
    }
    // Its length takes more than the one byte that was left for it.
    const more = Math.floor(Math.log2(length) / 7);
    this.#room(more);
    this.#bytes.copyWithin(place + 1 + more, place + 1, this.#at);
    this.#at = place;
    this.#varint(length);
    this.#at += length;
  }

  /** The message, as memory of its own; the writer begins anew. */
  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(message, 0, 0, this.#at);
    this.clear();
    return message;
  }

  /** Drops what was written. */
  clear(): void {
    this.#at = 0;
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  #ascii(value: string): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    bytes[at++] = value.length;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #utf8(value: string): void {
    this.#varint(Buffer.byteLength(value));
    this.#at += this.#bytes.write(value, this.#at);
  }

  #varint(value: number): void {
    let rest = value;
    if (value > 0xfff_ffff) {
      // Four bytes at once, so that the arithmetic of large numbers is done once.
      rest = Math.floor(value / 0x1000_0000);
      const low = value - rest * 0x1000_0000;
      for (let shift = 0; shift < 28; shift += 7) this.#bytes[this.#at++] = ((low >>> shift) & 0x7f) | 0x80;
    }
    for (; rest > 0x7f; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#at + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
