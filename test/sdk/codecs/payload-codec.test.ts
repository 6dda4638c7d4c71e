import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { TssError } from "../../../proto/errors.ts";
import { PayloadSchema } from "../../../proto/gen/tss/v1/task_pb.js";
import { aesGcm } from "../../../sdk/typescript/codecs/aes-gcm.ts";
import { bytes } from "../../../sdk/typescript/codecs/bytes.ts";
import { gzip } from "../../../sdk/typescript/codecs/gzip.ts";
import { json } from "../../../sdk/typescript/codecs/json.ts";
import {
  type Codec,
  type PayloadInit,
  payloadCodec,
  type Serializer,
} from "../../../sdk/typescript/codecs/payload-codec.ts";
import { errorOf } from "./error-of.ts";

const SECRET = aesGcm({ keys: { a: randomBytes(32) }, current: "a" });
const DATES: Serializer = {
  name: "dates",
  contentType: "text/plain; kind=date",
  accepts: (value) => value instanceof Date,
  serialize: (value) => Buffer.from((value as Date).toISOString()),
  deserialize: (data) => new Date(Buffer.from(data).toString()),
};
const codec = (more: Partial<Codec>): Codec => ({ name: "x", encode: () => null, decode: (data) => data, ...more });
const serializer = (more: Partial<Serializer>): Serializer => ({ ...DATES, ...more });

describe("values in payloads", () => {
  test("JSON and bytes need no settings, and no promise", () => {
    const payloads = payloadCodec();
    const text = payloads.encode({ to: "é" }) as PayloadInit;
    expect(text).toEqual({
      data: new TextEncoder().encode('{"to":"é"}'),
      contentType: "application/json",
      encodings: [],
    });
    expect(payloads.decode(create(PayloadSchema, text))).toEqual({ to: "é" });
    const raw = payloads.encode(Buffer.from([0, 255])) as PayloadInit;
    expect(raw).toEqual({ data: Uint8Array.of(0, 255), contentType: "application/octet-stream", encodings: [] });
    expect(payloads.decode(raw)).toEqual(Uint8Array.of(0, 255));
  });

  test("codecs apply in order, are undone by the names in the payload, and stay synchronous", () => {
    const payloads = payloadCodec({ codecs: [gzip(), SECRET] });
    const value = "line of text\n".repeat(50_000);
    const payload = payloads.encode(value) as PayloadInit;
    expect(payload.encodings).toEqual(["gzip", "aes-gcm"]);
    expect(payload.data.length).toBeLessThan(5_000);
    expect(payloads.decode(payload)).toBe(value);
    expect((payloads.encode("small") as PayloadInit).encodings).toEqual(["aes-gcm"]);
  });

  test("one stage that is asynchronous makes the whole a promise", async () => {
    const slow = codec({
      encode: async (data) => Buffer.from(data).reverse(),
      decode: async (data) => data.toReversed(),
    });
    const payloads = payloadCodec({ codecs: [gzip({ minBytes: 0 }), slow] });
    const pending = payloads.encode("a".repeat(100));
    expect(typeof (pending as Promise<PayloadInit>).then).toBe("function");
    const payload = await pending;
    expect(payload.encodings).toEqual(["gzip", "x"]);
    expect(await payloads.decode(payload)).toBe("a".repeat(100));
  });

  test("the first serializer that accepts a value writes it, its content type finds it again", async () => {
    const payloads = payloadCodec({ serializers: [DATES, bytes, json] });
    const day = new Date(0);
    const payload = await payloads.encode(day);
    expect(payload.contentType).toBe("text/plain; kind=date");
    expect(payloads.decode(payload)).toEqual(day);
    expect((await payloads.encode([day])).contentType).toBe("application/json");
  });

  test("content types are found without their parameters and whatever their case; none is JSON", () => {
    const payloads = payloadCodec();
    const data = Buffer.from("[1]");
    for (const contentType of ["", "Application/JSON", "application/json ; charset=utf-8"])
      expect(payloads.decode({ data, contentType, encodings: [] })).toEqual([1]);
  });

  test("a payload with nothing in it is undefined", () => {
    expect(payloadCodec().decode(create(PayloadSchema))).toBeUndefined();
  });

  test("former codecs decode and do not encode", async () => {
    const before = payloadCodec({ codecs: [SECRET] });
    const now = payloadCodec({ codecs: [gzip({ minBytes: 0 })], decoders: [SECRET] });
    expect(now.decode(await before.encode("kept"))).toBe("kept");
    expect((await now.encode("a".repeat(100))).encodings).toEqual(["gzip"]);
  });

  test("what a caller does with its buffer afterwards does not reach the payload, nor the other way round", () => {
    const payloads = payloadCodec();
    const buffer = Buffer.from("before");
    const payload = payloads.encode(buffer) as PayloadInit;
    buffer.fill(0);
    const value = payloads.decode(payload) as Uint8Array;
    payload.data.fill(0);
    expect(Buffer.from(value).toString()).toBe("before");
  });
});

describe("what goes wrong is told in one sentence", () => {
  test("a payload over 256 KiB, with its sizes before and after", async () => {
    const limit = 256 * 1024;
    expect(((await payloadCodec().encode(new Uint8Array(limit))) as PayloadInit).data.length).toBe(limit);
    const plain = await errorOf(() => payloadCodec().encode(new Uint8Array(limit + 1)));
    expect(plain).toMatchObject({ code: "INVALID_ARGUMENT", reason: "PAYLOAD_TOO_LARGE" });
    expect(plain.message).toBe(
      "The value makes a payload of 262145 bytes of application/octet-stream, and at most 262144 are allowed; make it smaller, or keep it elsewhere and pass its address.",
    );
    const coded = await errorOf(() => payloadCodec({ codecs: [SECRET] }).encode(new Uint8Array(limit)));
    expect(coded.message).toContain("262175 bytes of application/octet-stream (262144 before aes-gcm)");
  });

  test("an encoding nobody here knows, before anything is decoded", async () => {
    const decode = (encodings: string[]) =>
      errorOf(() => payloadCodec({ codecs: [gzip()] }).decode({ data: Uint8Array.of(1), contentType: "", encodings }));
    expect(await decode(["zstd", "gzip"])).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "UNKNOWN_ENCODING",
      message:
        'Nothing here undoes the encoding "zstd" (known: gzip); add that to codecs or decoders of payloadCodec().',
    });
    const none = () => payloadCodec().decode({ data: Uint8Array.of(1), contentType: "", encodings: ["gzip"] });
    expect((await errorOf(none)).message).toContain("(known: no codecs)");
  });

  test("a content type nobody here knows", async () => {
    const decode = () => payloadCodec().decode({ data: Uint8Array.of(1), contentType: "text/csv", encodings: [] });
    expect(await errorOf(decode)).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "UNKNOWN_CONTENT_TYPE",
      message:
        'Nothing here reads "text/csv" (known: application/octet-stream, application/json); add a serializer for it to payloadCodec().',
    });
  });

  test("a value no serializer accepts", async () => {
    const error = await errorOf(() => payloadCodec({ serializers: [bytes] }).encode("text"));
    expect(error.message).toBe("No serializer accepts a value of type string (asked: bytes); add one that does.");
  });

  test("a stage that throws or rejects is named, with what it said first", async () => {
    const cause = new Error("no licence\nat line two");
    const fails = codec({
      encode: () => {
        throw cause;
      },
      decode: () => Promise.reject(cause),
    });
    const payloads = payloadCodec({ codecs: [fails] });
    const encoding = await errorOf(() => payloads.encode(1));
    expect(encoding.message).toBe("The codec x could not encode the payload: no licence");
    expect(encoding.cause).toBe(cause);
    const payload = { data: Uint8Array.of(1), contentType: "", encodings: ["x"] };
    expect((await errorOf(() => payloads.decode(payload))).message).toBe(
      "The codec x could not decode the payload: no licence",
    );
    const thrown = serializer({ serialize: () => Promise.reject("just text"), deserialize: () => JSON.parse("") });
    const dates = payloadCodec({ serializers: [thrown] });
    expect((await errorOf(() => dates.encode(new Date()))).message).toContain(
      "dates could not write the value: just text",
    );
    const day = { ...payload, contentType: DATES.contentType, encodings: [] };
    expect((await errorOf(() => dates.decode(day))).message).toContain(
      "dates could not read the payload: Unexpected end",
    );
  });

  test("a stage that refuses in words of its own keeps them", async () => {
    const own = new TssError("INVALID_ARGUMENT", "Not today.");
    const payloads = payloadCodec({ codecs: [codec({ encode: async () => Promise.reject(own) })] });
    expect(await errorOf(() => payloads.encode(1))).toBe(own);
  });

  test("a stage that gives something other than bytes", async () => {
    const wrong = codec({ encode: () => "text" as never, decode: () => null as never });
    const payloads = payloadCodec({ codecs: [wrong] });
    expect((await errorOf(() => payloads.encode(1))).message).toBe(
      "encode() of the codec x gave string where a Uint8Array belongs.",
    );
    const payload = { data: Uint8Array.of(1), contentType: "", encodings: ["x"] };
    expect((await errorOf(() => payloads.decode(payload))).message).toContain("decode() of the codec x gave null");
    const values = payloadCodec({ serializers: [serializer({ serialize: () => new Uint16Array(1) as never })] });
    expect((await errorOf(() => values.encode(new Date()))).message).toContain("serializer dates gave object");
  });

  test.each([
    [{ serializers: [] }, "has no serializers"],
    [{ serializers: [null as never] }, "serializers[0] of payloadCodec() is no object"],
    [{ serializers: [serializer({ contentType: "json" })] }, 'has the contentType "json", which is no media type'],
    [{ serializers: [serializer({ contentType: `a/${"b".repeat(126)}` })] }, "at most 127"],
    [{ serializers: [serializer({ contentType: 1 as never })] }, "has no text as contentType"],
    [{ serializers: [serializer({ accepts: true as never })] }, "has an accepts that is not a function"],
    [{ serializers: [serializer({ deserialize: undefined as never })] }, "lacks the function deserialize"],
    [{ codecs: [codec({}), codec({ name: "Über" })] }, 'codecs[1] of payloadCodec() has the name "Über"'],
    [{ codecs: [codec({ name: undefined as never })] }, "has no text as name"],
    [{ decoders: [{ name: "x" } as never] }, "decoders[0] of payloadCodec() lacks the functions encode and decode"],
    [{ codecs: [codec({})], decoders: [codec({})] }, "has two codecs named x"],
    [{ codecs: new Array<Codec>(9).fill(codec({})) }, "has 9 codecs; a payload names at most 8"],
  ])("settings that cannot be: %#", async (options, message) => {
    const error = await errorOf(() => payloadCodec(options));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "CODEC_SHAPE" });
    expect(error.message).toContain(message);
  });
});
