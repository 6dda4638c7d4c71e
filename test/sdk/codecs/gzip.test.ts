import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { gzip } from "../../../sdk/typescript/codecs/gzip.ts";
import { errorOf } from "./error-of.ts";

const MEBIBYTE = 1024 * 1024;

test("data below minBytes, and data that would grow, stay as they are", () => {
  expect(gzip().encode(new Uint8Array(1023))).toBeNull();
  expect(gzip().encode(new Uint8Array(1024))).toHaveProperty("length");
  expect(gzip({ minBytes: 0 }).encode(Buffer.from("abc"))).toBeNull();
});

test("it is gzip, and the level counts", () => {
  const data = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `${(index * 7919) % 1000},`).join(""));
  const [fast, small] = [gzip({ level: 1 }).encode(data), gzip({ level: 9 }).encode(data)] as [Buffer, Buffer];
  expect(small.length).toBeLessThan(fast.length);
  expect(Buffer.compare(gzip().decode(gzipSync(data)) as Uint8Array, data)).toBe(0);
});

test("16 MiB unpack, one byte more does not; the same bound holds when packing", async () => {
  expect((gzip().decode(gzipSync(Buffer.alloc(16 * MEBIBYTE))) as Uint8Array).length).toBe(16 * MEBIBYTE);
  const bomb = gzipSync(Buffer.alloc(16 * MEBIBYTE + 1));
  const error = await errorOf(() => gzip().decode(bomb));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "PAYLOAD_TOO_LARGE" });
  expect(error.message).toBe(
    `The payload's ${bomb.length} bytes of gzip unpack to more than 16777216; whoever made it must make it smaller.`,
  );
  const packing = await errorOf(() => gzip().encode(Buffer.alloc(16 * MEBIBYTE + 1)));
  expect(packing.message).toContain("16777217 bytes before gzip, and at most 16777216 can be unpacked again");
});

test("what is no gzip is told so", async () => {
  const error = await errorOf(() => gzip().decode(Buffer.from("text")));
  expect(error).toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "PAYLOAD_DAMAGED",
    message: "The payload's 4 bytes are no gzip: incorrect header check.",
  });
});

test.each([{ minBytes: -1 }, { minBytes: 1.5 }, { level: 10 }, { level: Number.NaN }])(
  "%j is no setting",
  async (options) => {
    const error = await errorOf(() => gzip(options));
    expect(error.message).toContain(`${Object.keys(options)[0]} of gzip() is ${Object.values(options)[0]}; it must be`);
  },
);
