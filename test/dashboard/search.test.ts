import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createdText, moveEdge, stretchOf, windowOf } from "../../gateway/dashboard/src/tasks/brush.ts";
import { valuesOf, withField } from "../../gateway/dashboard/src/tasks/search/edit-search.ts";
import { parseSearch } from "../../gateway/dashboard/src/tasks/search/parse-search.ts";
import { suggest } from "../../gateway/dashboard/src/tasks/search/suggest.ts";
import { quote, tokenize } from "../../gateway/dashboard/src/tasks/search/tokenize.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const parse = (text: string) => parseSearch(text, NOW);

describe("a search", () => {
  test.each([
    ["", {}],
    ["status:failed,cancelled q:mail", { status: ["TASK_STATUS_FAILED", "TASK_STATUS_CANCELLED"], queue: "mail" }],
    ['name:"resize photo"', { name: "resize photo" }],
    ["resize photo", { name: "resize photo" }],
    ['"a:b" c', { name: "a:b c" }],
    ["label:a=b label:c type:mail.send", { label: ["a=b", "c"], type: "mail.send" }],
    ["created:-2h..now", { createdAfter: "2026-03-01T10:00:00.000Z", createdBefore: "2026-03-01T12:00:00.000Z" }],
    ["created:..2026-02-01T00:00Z", { createdBefore: "2026-02-01T00:00:00.000Z" }],
    ["created:-1.5d", { createdAfter: "2026-02-28T00:00:00.000Z" }],
  ])("%s", (text, request) => {
    expect(parse(text)).toEqual({ request, problems: [], id: null });
  });

  test("that is an id alone is that task", () => {
    expect(parse(" 0g0400000100010000006xbt54 ")).toMatchObject({ id: "0g0400000100010000006xbt54" });
    expect(parse("0g0400000100010000006xbt54 more")).toMatchObject({ id: null });
    expect(parse("06C4XK0Q7M8P2R9T1V3W5Y7ZAB")).toMatchObject({ id: "06C4XK0Q7M8P2R9T1V3W5Y7ZAB" });
  });

  test.each([
    ["status:done", "status:done", /"done" is no status/],
    ["a colour:red b", "colour:red", /cannot be searched by "colour"/],
    ["-status:failed", "-status:failed", /Leaving out/],
    ["queue:Mail*", "queue:Mail*", /Queue names/],
    ["queue:a queue:b", "queue:b", /one queue/],
    ['name:"open', 'name:"open', /not closed/],
    ["created:yesterday", "created:yesterday", /Write times/],
    ["created:2026-13-01", "created:2026-13-01", /Write times/],
    ["status:", "status:", /Say what/],
    [`name:${"x".repeat(201)}`, `name:${"x".repeat(201)}`, /200 characters/],
  ])("%s is wrong at %s", (text, word, message) => {
    const [problem] = parse(text).problems;
    expect(problem?.message).toMatch(message);
    expect(text.slice(problem?.start, problem?.end)).toBe(word);
  });

  test("whatever is written, nothing is thrown and every problem lies within the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
        for (const { start, end } of parse(text).problems) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(text.length);
          expect(start).toBeLessThan(end);
        }
      }),
    );
  });

  test("a value that is quoted is read as it was", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (value) => {
        const [token, ...others] = tokenize(`name:${quote(value)}`);
        expect([token?.value, others]).toEqual([value, []]);
      }),
    );
  });
});

describe("a search is edited", () => {
  test.each([
    ["", ["failed"], "status:failed"],
    ["queue:mail", ["failed", "running"], "queue:mail status:failed,running"],
    ["status:failed queue:mail", [], "queue:mail"],
    ['state:failed "two  spaces" is:running', ["waiting"], 'status:waiting "two  spaces"'],
  ])("%s with %j", (text, values, wanted) => {
    expect(withField(text, "status", values)).toBe(wanted);
    expect(valuesOf(wanted, "status")).toEqual(values);
  });
});

describe("suggestions", () => {
  test("fields at first, then their values; a taken one leaves the rest", () => {
    expect(suggest("", 0, {}).map(({ label }) => label)).toContain("status:");
    expect(suggest("sta", 3, {})).toMatchObject([{ label: "status:", text: "status:", cursor: 7 }]);
    expect(suggest("status:failed,can queue:a", 17, {})).toMatchObject([
      { label: "cancelled", text: "status:failed,cancelled queue:a" },
    ]);
    expect(suggest("queue:m", 7, { queue: ["mail", "main", "other"] }).map(({ label }) => label)).toEqual([
      "mail",
      "main",
    ]);
    expect(suggest("colour:r", 8, {})).toEqual([]);
  });
});

describe("a stretch of time", () => {
  const grid = { times: [600, 660, 720, 780], bucketSeconds: 60 };

  test("is written so that it is read back as the same buckets", () => {
    for (const stretch of [
      [0, 1],
      [1, 2],
      [1, 1],
      [2, 3],
      [3, 3],
    ] as const) {
      const { request } = parseSearch(`created:${createdText(grid, stretch)}`, 0);
      const [after, before] = [request.createdAfter, request.createdBefore].map((at) =>
        at === undefined ? undefined : Date.parse(at),
      );
      expect(stretchOf(grid, after, before)).toEqual(stretch);
    }
    expect(createdText(grid, [0, 3])).toBe("");
    expect(createdText(grid, [1, 3])).toBe("1970-01-01T00:11:00Z..");
    expect(stretchOf(grid, 1_000_000, undefined)).toBe(null);
  });

  test("is moved by its edges, which do not pass each other nor the end", () => {
    expect(moveEdge(null, 4, 0, "ArrowRight")).toEqual([1, 3]);
    expect(moveEdge([1, 2], 4, 0, "PageUp")).toEqual([3, 3]);
    expect(moveEdge([1, 2], 4, 1, "Home")).toEqual([0, 0]);
    expect(moveEdge([1, 2], 4, 1, "End")).toEqual([1, 3]);
    expect(moveEdge([1, 2], 4, 1, "a")).toBe(undefined);
  });

  test("is shown in a range that has all of it, unless another was chosen", () => {
    const day = 86_400_000;
    expect(windowOf(undefined, undefined, day)).toBe("24h");
    expect(windowOf(undefined, day - 3_000_000, day)).toBe("1h");
    expect(windowOf(undefined, day, 3 * day)).toBe("7d");
    expect(windowOf(undefined, 0, 400 * day)).toBe("30d");
    expect(windowOf("6h", 0, day)).toBe("6h");
    expect(windowOf("nonsense", undefined, day)).toBe("24h");
  });
});
