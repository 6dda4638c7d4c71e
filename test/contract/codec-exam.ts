import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type Codec, payloadCodec } from "../../sdk/typescript/codecs/payload-codec.ts";

const SAMPLES: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array(0)],
  ["a zero byte", Uint8Array.of(0)],
  ["a byte of ones", Uint8Array.of(255)],
  ["a line of text", Buffer.from("a line of text\n")],
  ["a kilobyte of chance", randomBytes(1_024)],
  ["text that packs well", Buffer.from("line of text\n".repeat(4_000))],
  ["256 KiB of chance", randomBytes(256 * 1_024)],
  ["a mebibyte of zeros", new Uint8Array(1_024 * 1_024)],
];

const GARBAGE: readonly (readonly [string, Uint8Array])[] = [
  ["nothing", new Uint8Array(0)],
  ["a zero byte", Uint8Array.of(0)],
  ["text", Buffer.from("no codec made these bytes; it is written by hand")],
  ["zeros", new Uint8Array(64)],
  ["ones", new Uint8Array(64).fill(255)],
];

/** Each test has bytes of its own, so that what one codec call spoils is found where it happens. */
function eachSample(title: string, run: (data: Uint8Array, sample: Uint8Array) => Promise<void>): void {
  test.each(SAMPLES)(title, (_, sample) => run(Uint8Array.from(sample), sample));
}

/** What every payload codec must show. `make` gives the codec as it is used, with its settings. */
export function codecExam(name: string, make: () => Codec | Promise<Codec>): void {
  describe(`codec: ${name}`, () => {
    let codec: Codec;
    beforeAll(async () => {
      codec = await make();
    });

    /** What the other side gets: decoded where it was encoded, else as it was. */
    const back = async (encoded: Uint8Array | null | undefined, data: Uint8Array) =>
      encoded === null || encoded === undefined ? data : await codec.decode(encoded);

    test("its name can stand in the encodings of a payload", () => {
      expect(codec.name).toMatch(/^[a-z0-9.-]{1,63}$/);
    });

    eachSample("%s comes back", async (data, sample) => {
      const encoded = await codec.encode(data);
      if (encoded !== null && encoded !== undefined) expect(ArrayBuffer.isView(encoded)).toBe(true);
      expect(same(await back(encoded, data), sample)).toBe(true);
    });

    eachSample("%s comes back from twice", async (data, sample) => {
      const once = await codec.encode(data);
      const inner = once ?? data;
      const outer = await back(await codec.encode(inner), inner);
      expect(same(await back(once && outer, outer), sample)).toBe(true);
    });

    eachSample("%s is not changed, nor is what it became", async (data, sample) => {
      const encoded = await codec.encode(data);
      expect(same(data, sample)).toBe(true);
      if (encoded === null || encoded === undefined) return;
      const kept = Uint8Array.from(encoded);
      await codec.decode(encoded);
      expect(same(encoded, kept)).toBe(true);
    });

    eachSample("%s in the middle of a larger buffer is all that is read and written", async (data) => {
      const middle = (bytes: Uint8Array) => {
        const house = new Uint8Array(bytes.length + 32).fill(170);
        house.set(bytes, 16);
        return { house, view: house.subarray(16, 16 + bytes.length) };
      };
      const plain = middle(data);
      const encoded = await codec.encode(plain.view);
      expect(same(plain.house, middle(data).house)).toBe(true);
      if (encoded === null || encoded === undefined) return;
      const packed = middle(encoded);
      const kept = Uint8Array.from(packed.house);
      expect(same(await codec.decode(packed.view), data)).toBe(true);
      expect(same(packed.house, kept)).toBe(true);
    });

    test("many at once do not get in each other's way", async () => {
      const all = Array.from({ length: 50 }, (_, index) => new Uint8Array(2_000 + index).fill(index));
      const encoded = await Promise.all(all.map((data) => codec.encode(data)));
      const decoded = await Promise.all(encoded.map((data, index) => back(data, all[index] as Uint8Array)));
      expect(decoded.every((data, index) => same(data, all[index] as Uint8Array))).toBe(true);
    });

    test.each(GARBAGE)("%s, which it did not make, is refused", async (_, data) => {
      await expect((async () => codec.decode(data))()).rejects.toBeDefined();
    });

    eachSample("%s is refused when its end is missing", async (data) => {
      const encoded = await codec.encode(data);
      if (encoded === null || encoded === undefined) return;
      for (const length of [encoded.length - 1, encoded.length >> 1])
        await expect((async () => codec.decode(encoded.subarray(0, length)))()).rejects.toBeDefined();
    });

    test("a payload names it exactly when it was applied, and what is damaged is refused in one sentence", async () => {
      const payloads = payloadCodec({ codecs: [codec] });
      const value = { text: "line of text\n".repeat(1_000), list: [1, null, "é"] };
      const payload = await payloads.encode(value);
      const applied = (await codec.encode(Buffer.from(JSON.stringify(value)))) ?? undefined;
      expect(payload.encodings).toEqual(applied === undefined ? [] : [codec.name]);
      expect(await payloads.decode(payload)).toEqual(value);
      const damaged = { data: Buffer.from("garbage"), contentType: "application/json", encodings: [codec.name] };
      await expect((async () => payloads.decode(damaged))()).rejects.toMatchObject({
        name: "TssError",
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/^[^\n]+$/),
      });
    });
  });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
