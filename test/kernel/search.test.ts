import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { hasValue, readWanted } from "../../coordinator/kernel/search/json-search.ts";
import { waitedMs } from "../../coordinator/kernel/search/waited.ts";

const has = (json: unknown, text: string) => hasValue(json, readWanted(text)!);

describe("a value in a payload", () => {
  const json = {
    user: { id: 42, name: "Ada L", tags: ["red", "blue"], active: true, gone: null },
    items: [{ sku: "a-1", sizes: [1, 2] }, { sku: "b-2" }],
    "with.dot": { "a.b": "deep" },
    text: "42.0",
    number: 1e21,
  };

  test.each([
    "user.id=42",
    "user.id=42.0",
    "user.name=Ada L",
    "user.tags=red",
    "user.tags.1=blue",
    "user.active=true",
    "user.gone=null",
    "items.sku=b-2",
    "items.0.sku=a-1",
    "items.sizes=2",
    "items.0.sizes.1=2",
    "with.dot.a.b=deep",
    "text=42.0",
    "number=1e21",
  ])("%s is there", (text) => expect(has(json, text)).toBe(true));

  test.each([
    "user.id=4",
    "user.id=",
    "user=42",
    "user.tags.0=blue",
    "user.name=ada l",
    "items.1.sku=a-1",
    "items.2.sku=a-1",
    "text=42",
    "toString=x",
    "user.tags.length=2",
    "nothing=undefined",
  ])("%s is not", (text) => expect(has(json, text)).toBe(false));

  test("a whole payload of one value, or a list of them, has no path", () => {
    expect(has("x", "x=x")).toBe(false);
    expect(has([{ a: 1 }], "a=1")).toBe(true);
  });

  test("an equals sign in the value is part of it; without a path it is no condition", () => {
    expect(has({ query: "a=b" }, "query=a=b")).toBe(true);
    for (const text of ["", "=x", "x", "a..b=c", ".a=b", "a.=b"]) expect(readWanted(text)).toBe(null);
  });

  test("any JSON and any path come to an end, and what is written by its path is found", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ maxLength: 20 }), (value, text) => {
        const wanted = readWanted(`a.b=${text}`)!;
        hasValue(value, wanted);
        expect(hasValue({ a: [value, { b: text }] }, wanted)).toBe(true);
      }),
    );
  });

  test("lists within lists to any depth are gone through without a call for each", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}{"a":1}${"]".repeat(100_000)}`);
    expect(has(deep, "a=1")).toBe(true);
    expect(has(deep, "a=2")).toBe(false);
  });

  test("numbers for lists within lists do not double the work with every level", () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}1${"]".repeat(20_000)}`);
    for (const path of [Array.from({ length: 100 }, () => "0").join("."), "0.x", "0"]) {
      expect(has(deep, `${path}=1`)).toBe(!path.includes("x"));
      expect(has(deep, `${path}=2`)).toBe(false);
    }
  });
});

describe("how long a task waited", () => {
  const task = { createdAt: 1_000, runAt: 0, startedAt: 0, endedAt: 0 };
  test.each([
    ["it waits", task, 5_000, 4_000],
    ["it has begun", { ...task, startedAt: 3_000, endedAt: 9_000 }, 10_000, 2_000],
    ["it ended without a start", { ...task, endedAt: 4_000 }, 10_000, 3_000],
    ["it was due later", { ...task, runAt: 3_000 }, 5_000, 2_000],
    ["it is not due yet", { ...task, runAt: 9_000 }, 5_000, 0],
    ["it began after the moment that is looked at", { ...task, startedAt: 9_000 }, 5_000, 4_000],
    ["the clock of its worker is behind", { ...task, startedAt: 500 }, 5_000, 0],
  ])("%s", (_, times, until, waited) => expect(waitedMs(times, until)).toBe(waited));
});
