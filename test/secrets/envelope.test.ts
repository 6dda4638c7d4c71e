import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openSecret, rewrap, sealSecret } from "../../coordinator/operations/secrets/envelope.ts";
import { readMasterKeys } from "../../coordinator/operations/secrets/master-keys.ts";
import type { SecretRow } from "../../coordinator/ports/secret-store.ts";

const text = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const [first, second] = [readMasterKeys([text(1)]), readMasterKeys([text(2)])];
const master = first.current!;
const facts = { name: "DB_PASSWORD", version: 1, queues: [], setAt: 1, setBy: "k" };
const VALUE = "hunter2 – é 🔑";
const row = sealSecret(facts, VALUE, master);

const flipped = (bytes: Uint8Array, bit: number) => {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};
const bits = (bytes: Uint8Array) => Array.from({ length: bytes.length * 8 }, (_, bit) => bit);
const reasonOf = (secret: SecretRow, masters = first) => {
  try {
    openSecret(secret, masters);
    return "opened";
  } catch (error) {
    expect((error as Error).message).toContain(secret.name);
    expect((error as Error).message).not.toContain("hunter2");
    return (error as { reason?: string }).reason;
  }
};

test("a value is what it was, and what is stored shows nothing of it", () => {
  expect(openSecret(row, first)).toBe(VALUE);
  for (const stored of [row.wrapped, row.sealed]) expect(Buffer.from(stored).includes("hunter2")).toBe(false);
});

test("the same value is sealed differently each time, under a key of its own", () => {
  const again = sealSecret(facts, VALUE, master);
  expect(again.sealed).not.toEqual(row.sealed);
  expect(reasonOf({ ...row, sealed: again.sealed })).toBe("SECRET_DAMAGED");
});

test("whatever bit of what is stored is flipped, nothing opens", () => {
  for (const bit of bits(row.sealed))
    expect(reasonOf({ ...row, sealed: flipped(row.sealed, bit) })).toBe("SECRET_DAMAGED");
  for (const bit of bits(row.wrapped))
    expect(reasonOf({ ...row, wrapped: flipped(row.wrapped, bit) })).toBe("SECRET_DAMAGED");
  for (const length of [0, 1, 12, 28, row.sealed.length - 1])
    expect(reasonOf({ ...row, sealed: row.sealed.slice(0, length) })).toBe("SECRET_DAMAGED");
});

test("what is stored opens under its own name and version only", () => {
  const other = sealSecret({ ...facts, name: "OTHER" }, "another value", master);
  expect(reasonOf({ ...row, name: "OTHER" })).toBe("SECRET_DAMAGED");
  expect(reasonOf({ ...row, version: 2 })).toBe("SECRET_DAMAGED");
  expect(reasonOf({ ...other, wrapped: row.wrapped, sealed: row.sealed })).toBe("SECRET_DAMAGED");
  expect(reasonOf({ ...row, sealed: row.wrapped, wrapped: row.sealed })).toBe("SECRET_DAMAGED");
});

test("a key that is not there is named, and a key of the same id that is another opens nothing", () => {
  expect(reasonOf(row, second)).toBe("OTHER_MASTER_KEY");
  expect(reasonOf({ ...row, masterKeyId: second.current!.id }, second)).toBe("SECRET_DAMAGED");
});

test("the key of a secret is wrapped anew with another master key; its value stays as it is", () => {
  const both = readMasterKeys([text(2), text(1)]);
  const anew = rewrap(row, both, both.current!);
  expect(anew.sealed).toBe(row.sealed);
  expect(openSecret(anew, second)).toBe(VALUE);
  expect(reasonOf(anew, first)).toBe("OTHER_MASTER_KEY");
});

test("a master key may lie in a file; one that cannot be read or holds none is told", () => {
  const folder = mkdtempSync(join(tmpdir(), "tss-master-"));
  const path = join(folder, "key");
  expect(() => readMasterKeys([`file:${path}`])).toThrow(`TSS_MASTER_KEY names ${path}, which cannot be read (ENOENT`);
  writeFileSync(path, "no key\n");
  expect(() => readMasterKeys([`file:${path}`])).toThrow("which holds no key");
  writeFileSync(path, `${text(1)}\n`);
  expect(readMasterKeys([`file:${path}`]).current?.id).toBe(master.id);
  rmSync(folder, { recursive: true });
});
