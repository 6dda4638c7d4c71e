import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { API_KEY_PATTERN, hashApiKeySecret, makeApiKey, parseApiKey, sameHash } from "../../runtime/api-key.ts";

const random = fc.uint8Array({ minLength: 41, maxLength: 41 });

test("a key is read back as it was made", () => {
  fc.assert(
    fc.property(random, (bytes) => {
      const { key, id, secret } = makeApiKey(bytes);
      expect(key).toMatch(API_KEY_PATTERN);
      expect(parseApiKey(key)).toEqual({ outcome: "key", key: { id, secret } });
    }),
  );
});

test("the checksum finds every changed character and every swap of neighbours", () => {
  const { key } = makeApiKey(randomBytes(41));
  const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (let at = 4; at < key.length; at++) {
    if (key[at] === "_") continue;
    for (const letter of letters)
      if (letter !== key[at]) expect(parseApiKey(key.slice(0, at) + letter + key.slice(at + 1)).outcome).toBe("typo");
    const [a, b] = [key[at], key[at + 1]];
    if (b === undefined || b === "_" || a === b) continue;
    expect(parseApiKey(key.slice(0, at) + b + a + key.slice(at + 2)).outcome).toBe("typo");
  }
});

test("what does not look like a key is malformed", () => {
  const { key } = makeApiKey(randomBytes(41));
  for (const text of ["", "x", key.slice(1), key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`, key.toUpperCase()])
    expect(parseApiKey(text).outcome).toBe("malformed");
});

test("twenty thousand keys are all different", () => {
  const keys = new Set<string>();
  const ids = new Set<string>();
  for (let n = 0; n < 20_000; n++) {
    const { key, id } = makeApiKey(randomBytes(41));
    keys.add(key);
    ids.add(id);
  }
  expect(keys.size).toBe(20_000);
  expect(ids.size).toBe(20_000);
});

test("a key needs all its chance", () => {
  expect(() => makeApiKey(new Uint8Array(40))).toThrow("41 random bytes");
});

test("hashes are compared whole, and never thrown at for their length", () => {
  const hash = hashApiKeySecret("a");
  expect(sameHash(hash, hashApiKeySecret("a"))).toBe(true);
  expect(sameHash(hash, hashApiKeySecret("b"))).toBe(false);
  expect(sameHash(hash, hash.subarray(1))).toBe(false);
});
