import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createdText, moveEdge, stretchOf, windowOf } from "../../gateway/dashboard/src/tasks/brush.ts";
import { valuesOf, withField } from "../../gateway/dashboard/src/tasks/search/edit-search.ts";
import { suggest } from "../../gateway/dashboard/src/tasks/search/suggest.ts";
import { readViews, withView } from "../../gateway/dashboard/src/tasks/views.ts";
import { parseSearch } from "../../proto/search/parse-search.ts";
import { quote, tokenize } from "../../proto/search/tokenize.ts";

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
    ["-queue:mail -q:media queue:x", { queue: "x", notQueue: ["mail", "media"] }],
    ['-name:"a b" -"c d" -e', { notName: ["a b", "c d", "e"] }],
    ["-type:a.b -label:c=d -label:e", { notType: ["a.b"], notLabel: ["c=d", "e"] }],
    ["-status:failed,waiting", { status: ["RUNNING", "SUCCEEDED", "CANCELLED"].map((one) => `TASK_STATUS_${one}`) }],
    ["-status:failed status:failed,running", { status: ["TASK_STATUS_RUNNING"] }],
    ['error:"ECONN RESET" -error:x error:y', { error: ["ECONN RESET", "y"], notError: ["x"] }],
    ["error:x -status:cancelled", { error: ["x"] }],
    ["failure:1d32eb7e7bc06280 status:failed", { failure: "1d32eb7e7bc06280" }],
    ["-failure:1d32eb7e7bc06280", { notFailure: ["1d32eb7e7bc06280"] }],
    ["wait:>30s", { waitedOver: "30s" }],
    ["wait:<1.5m waited:>500ms", { waitedOver: "0.5s", waitedUnder: "90s" }],
    ["wait:1m..1h", { waitedOver: "60s", waitedUnder: "3600s" }],
    ["run:>5s ran:<2h", { ranOver: "5s", ranUnder: "7200s" }],
    ["run:>1.1h wait:<0.7d", { ranOver: "3960s", waitedUnder: "60480s" }],
    ["attempt:>2", { attemptsMin: 3 }],
    ["attempt:<5", { attemptsMax: 4 }],
    ["attempts:2..4", { attemptsMin: 2, attemptsMax: 4 }],
    [
      "attempt:1 worker:mailer-3 -worker:old",
      { attemptsMin: 1, attemptsMax: 1, worker: ["mailer-3"], notWorker: ["old"] },
    ],
    ["type:send-* -type:send-sms.*", { type: "send-*", notType: ["send-sms.*"] }],
    ["args.user.id:42", { args: ["user.id=42"] }],
    ['Args.userId.0:"a b" -args.x-y:http://z', { args: ["userId.0=a b"], notArgs: ["x-y=http://z"] }],
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
    ["-status:nothing", "-status:nothing", /no status/],
    ["-status:waiting,running,succeeded,failed,cancelled", /^-.*$/, /no status is left/],
    ["a -created:-2h", "-created:-2h", /cannot be left out/],
    ["-wait:>30s", "-wait:>30s", /turn it round/],
    ["wait:30s", "wait:30s", /Write wait:>30s/],
    ["wait:>30", "wait:>30", /Write wait:>30s/],
    ["wait:>5s wait:>6s", "wait:>6s", /each once/],
    ["wait:>9000d", "wait:>9000d", /10 years/],
    ["run:5", "run:5", /Write run:>30s/],
    ["-run:>5s", "-run:>5s", /turn it round/],
    ["attempt:<1", "attempt:<1", /Write attempt:/],
    ["attempt:0", "attempt:0", /Write attempt:/],
    ["attempt:2 attempt:>3", "attempt:>3", /once/],
    ["-attempt:2", "-attempt:2", /turn it round/],
    ["args:42", "args:42", /where in the payload/],
    ["args.:42", "args.:42", /cannot be searched|where in the payload/],
    ["args.a..b:42", "args.a..b:42", /where in the payload/],
    ["args.a:", "args.a:", /Say what args/],
    ["error:x status:succeeded", "status:succeeded", /Only a failed task/],
    [`error:${"x".repeat(501)}`, /^error:x+$/, /500 characters/],
    [Array(9).fill("-label:a").join(" "), "-label:a", /At most 8/],
    ["-queue:Mail*", "-queue:Mail*", /Queue names/],
    ["-failure:x", "-failure:x", /16 digits/],
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
    const marked = text.slice(problem?.start, problem?.end);
    if (typeof word === "string") expect(marked).toBe(word);
    else expect(marked).toMatch(word);
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
    ["-status:failed queue:a", ["running"], "status:running queue:a"],
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

  test("of what can be left out, of paths in a payload and of waits", () => {
    const left = suggest("queue:a -", 9, {}).map(({ label }) => label);
    expect(left).toEqual([]);
    expect(suggest("-l", 2, {})).toMatchObject([{ label: "-label:", text: "-label:", cursor: 7 }]);
    expect(suggest("-wa", 3, {})).toEqual([]);
    expect(suggest("x -queue:m", 10, { queue: ["mail"] })).toMatchObject([{ label: "mail", text: "x -queue:mail " }]);
    expect(suggest("ar", 2, {})).toMatchObject([{ label: "args.", text: "args.", cursor: 5 }]);
    expect(suggest("args.user:", 10, {})).toEqual([]);
    expect(suggest("wait:", 5, {}).map(({ label }) => label)).toContain(">30s");
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

describe("searches with a name", () => {
  const a = { name: "a", q: "queue:a" };

  test("whatever was kept is read as far as it is one", () => {
    expect(readViews(null)).toEqual([]);
    for (const text of ["", "{", "null", "{}", '"x"', "[1,null,{}]", '[{"name":"","q":"x"},{"name":"x","q":1}]'])
      expect(readViews(text)).toEqual([]);
    expect(readViews(JSON.stringify([{ ...a, more: 1 }, 7]))).toMatchObject([a]);
    expect(readViews(JSON.stringify(Array(99).fill(a)))).toHaveLength(50);
  });

  test("are in the order of names; one of a name that is there takes its place", () => {
    const both = withView(withView([], { name: "b", q: "1" }), a);
    expect(both.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(withView(both, { name: "b", q: "2" })).toEqual([a, { name: "b", q: "2" }]);
  });
});
