import { createDecipheriv, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { aesGcm } from "../../../sdk/typescript/codecs/aes-gcm.ts";
import { errorOf } from "./error-of.ts";

const A = randomBytes(32);
const B = randomBytes(32);
const TEXT = Buffer.from("a text of some length");
const seal = (keys: Record<string, Uint8Array>, current: string) => aesGcm({ keys, current }).encode(TEXT) as Buffer;

test("the bytes are version, id, nonce, ciphertext and tag, and all before the ciphertext is authenticated", () => {
  const data = seal({ "2026-11": A }, "2026-11");
  expect([...data.subarray(0, 2)]).toEqual([1, 7]);
  expect(data.subarray(2, 9).toString()).toBe("2026-11");
  expect(data.length).toBe(2 + 7 + 12 + TEXT.length + 16);
  const plain = createDecipheriv("aes-256-gcm", A, data.subarray(9, 21), { authTagLength: 16 })
    .setAAD(data.subarray(0, 21))
    .setAuthTag(data.subarray(-16));
  expect(Buffer.concat([plain.update(data.subarray(21, -16)), plain.final()])).toEqual(TEXT);
});

test("nonces are not used twice", () => {
  const codec = aesGcm({ keys: { a: A }, current: "a" });
  const nonces = Array.from({ length: 1_000 }, () => (codec.encode(TEXT) as Buffer).subarray(3, 15).toString("hex"));
  expect(new Set(nonces).size).toBe(1_000);
});

test("keys turn by their ids: the current one encrypts, former ones decrypt until they are taken away", async () => {
  const before = seal({ a: A }, "a");
  const turned = aesGcm({ keys: { a: A, b: B }, current: "b" });
  expect(turned.decode(before)).toEqual(TEXT);
  expect(aesGcm({ keys: { b: B }, current: "b" }).decode(turned.encode(TEXT) as Buffer)).toEqual(TEXT);
  expect(await errorOf(() => aesGcm({ keys: { b: B }, current: "b" }).decode(before))).toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "UNKNOWN_KEY",
    message:
      "The payload is encrypted with the key a, which this client does not have (it has b); add it to keys of aesGcm().",
  });
});

test("another key under the same id is told without a word of what was inside", async () => {
  const error = await errorOf(() => aesGcm({ keys: { a: B }, current: "a" }).decode(seal({ a: A }, "a")));
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "PAYLOAD_DAMAGED" });
  expect(error.message).toBe(
    "The payload cannot be decrypted with the key a: this client has another key under that id, or the bytes were changed.",
  );
  expect(error.cause).toBeUndefined();
});

test("a change of any byte is found", async () => {
  const keys = { a: A, b: A };
  const codec = aesGcm({ keys, current: "a" });
  const data = seal(keys, "a");
  for (let at = 0; at < data.length; at++) {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] as number) ^ 3;
    expect(["PAYLOAD_DAMAGED", "UNKNOWN_KEY"]).toContain((await errorOf(() => codec.decode(changed))).reason);
  }
});

test("a key that the caller wipes afterwards still works, and is not printed", () => {
  const key = Buffer.from(A);
  const codec = aesGcm({ keys: { a: key }, current: "a" });
  key.fill(0);
  expect(codec.decode(seal({ a: A }, "a"))).toEqual(TEXT);
  expect(inspect(codec, { depth: 9, showHidden: true })).not.toContain(A.toString("hex").slice(0, 8));
});

test.each<[Record<string, Uint8Array>, string, string]>([
  [{ a: A }, "b", 'current of aesGcm() is "b", which is not among its keys (a).'],
  [{}, "a", 'current of aesGcm() is "a", which is not among its keys (no keys).'],
  [{ a: A }, "toString", 'current of aesGcm() is "toString"'],
  [{ a: A.subarray(1) }, "a", "The key a of aesGcm() must be a Uint8Array of 32 random bytes."],
  [{ a: A.toString("hex") as never }, "a", "The key a of aesGcm() must be a Uint8Array"],
  [{ "a b": A }, "a b", 'keys of aesGcm() has the id "a b"; an id is 1–63 characters'],
])("settings that cannot be: %#", async (keys, current, message) => {
  const error = await errorOf(() => aesGcm({ keys, current }));
  expect(error.message).toContain(message);
  for (const key of Object.values(keys)) expect(error.message).not.toContain(key.toString());
});
