import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { json } from "../../../sdk/typescript/codecs/json.ts";
import { errorOf } from "./error-of.ts";

const cycle: { list: unknown[] } = { list: [1] };
cycle.list.push({ "no name": cycle });
let deep: unknown[] = [];
for (let level = 0; level < 100_000; level++) deep = [deep];

test("what JSON can carry comes back", () => {
  const back = (value: unknown) => json.deserialize(json.serialize(value) as Uint8Array, json.contentType);
  const text = (value: unknown) => JSON.stringify(value);
  fc.assert(fc.property(fc.jsonValue(), (value) => expect(text(back(value))).toBe(text(value))));
});

test.each<[string, unknown]>([
  ["is undefined", undefined],
  ["is a function", () => {}],
  ["is a symbol", Symbol("x")],
  ["is NaN", Number.NaN],
  ["is -Infinity", Number.NEGATIVE_INFINITY],
  ["is a promise that was not awaited", Promise.resolve(1)],
  ["is binary", new ArrayBuffer(1)],
  ["is binary", new Float32Array(1)],
  ["is a BigInt", 1n],
  ["holds a BigInt at value.a[1].b", { a: [{ b: 1 }, { b: 1n }] }],
  ["holds a BigInt at value.at", { at: { toJSON: () => 1n } }],
  ['holds itself again at value.list[1]["no name"]', cycle],
  ["has a toJSON that gives undefined", { toJSON: () => undefined }],
  [
    "fails (not now)",
    {
      toJSON() {
        throw new Error("not now\nsecond line");
      },
    },
  ],
  ["fails (Maximum call stack size exceeded)", deep],
])("a value that %s is refused", async (problem, value) => {
  const error = await errorOf(() => json.serialize(value));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "PAYLOAD_NOT_SERIALIZABLE" });
  expect(error.message).toBe(
    `The value cannot be written as JSON: it ${problem}; change it, or give payloadCodec() a serializer that carries it.`,
  );
});

test("a path is told up to a length people read", async () => {
  const inner = { leaf: 1n } as Record<string, unknown>;
  let value = inner;
  for (let level = 0; level < 500; level++) value = { child: value };
  expect((await errorOf(() => json.serialize(value))).message.length).toBeLessThan(400);
});

test("the same thing twice is no cycle, and lies behind neither of them", async () => {
  const twin = { a: 1 };
  expect(Buffer.from(json.serialize([twin, twin]) as Uint8Array).toString()).toBe('[{"a":1},{"a":1}]');
  const error = await errorOf(() => json.serialize({ first: twin, second: { third: twin }, last: [twin, 1n] }));
  expect(error.message).toContain("at value.last[1];");
});

test("bytes that are no UTF-8 or no JSON are refused without showing them, and the next ones are read", async () => {
  const read = (data: Uint8Array) => errorOf(() => json.deserialize(data, json.contentType));
  const torn = await read(Uint8Array.of(34, 0xe2, 0x82));
  expect(torn).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: "The payload of 3 bytes is called JSON but is not UTF-8.",
  });
  const secret = await read(Buffer.from("password"));
  expect(secret.message).toBe("The payload of 8 bytes is called JSON but does not parse.");
  expect(secret.cause).toBeUndefined();
  expect((await read(new Uint8Array(0))).message).toContain("of 0 bytes");
  expect(json.deserialize(Buffer.from('"€"'), json.contentType)).toBe("€");
});
