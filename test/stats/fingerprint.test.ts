import { describe, expect, test } from "@jest/globals";
import { fingerprintOf, normaliseError } from "../../coordinator/kernel/stats/fingerprint.ts";
import { type Failure, FailureBook } from "../../coordinator/stats/failure-book.ts";

describe("an error text", () => {
  test.each([
    ["Timeout after 3012 ms", "Timeout after <n> ms"],
    ["connect ECONNREFUSED 10.0.3.17:5432", "connect ECONNREFUSED <ip>"],
    ["user 8f14e45f-ceea-4e7b-9c1d-0a1b2c3d4e5f not found", "user <uuid> not found"],
    ["ENOENT: no such file or directory, open '/tmp/a b/c.txt'", "ENOENT: no such file or directory, open <text>"],
    ["cannot read /var/lib/app/42/data.bin now", "cannot read <path> now"],
    ['Cannot read properties of undefined (reading "length")', "Cannot read properties of undefined (reading <text>)"],
    ["GET https://api.example.com/v1/x?id=7 gave 503", "GET <url> gave <n>"],
    ["mail to ann.lee+x@example.co.uk bounced", "mail to <email> bounced"],
    ["at 2026-11-25T22:18:33.675Z it stopped", "at <time> it stopped"],
    ["object 507f1f77bcf86cd799439011 is gone", "object <hex> is gone"],
    ["token tok_1A2b3C4d5E6f7G8h9I is bad", "token <id> is bad"],
    ["It didn't work: can't open", "It didn't work: can't open"],
    ["first line\n  at second (x.js:1:2)", "first line"],
    ["\n\n  spaced \t out  ", "spaced out"],
    ["", ""],
  ])("%j is of the kind %j", (text, kind) => expect(normaliseError(text)).toBe(kind));

  test("is cut at 200 characters, and a hostile one comes to an end", () => {
    const title = normaliseError("ü ".repeat(400_000));
    expect([...title]).toHaveLength(200);
    const evil = [`${"a".repeat(50_000)}@`, `"${"\\".repeat(99_999)}`, "/a".repeat(50_000), "0".repeat(100_000)];
    // A pattern that backtracks would not come to an end.
    for (const text of evil) expect([...normaliseError(text)].length).toBeLessThanOrEqual(200);
  });
});

test("a fingerprint never changes with versions", () => {
  const kind = { queue: "mail", type: "send", reason: 19, errorType: "TypeError", title: "x of <n>" };
  expect(fingerprintOf(kind)).toBe("b3fe5866902950b7");
});

const failure = (fields: Partial<Failure> = {}): Failure => ({
  ...{ queue: "mail", type: "send", reason: 19, errorType: "Error", message: "lost 1 of 2", name: () => "n" },
  ...{ exitCode: undefined, signal: "", version: "1.0", taskId: () => "id", last: true },
  ...fields,
});
const T0 = Date.UTC(2026, 5, 15, 12);
const DAY = 86_400_000;

describe("the book of failures", () => {
  test("puts ten thousand mixed errors into the groups they belong to", () => {
    const book = new FailureBook();
    const kinds = [
      (n: number) => failure({ message: `Timeout after ${n} ms` }),
      (n: number) => failure({ message: `Timeout after ${n} ms`, type: "other" }),
      (n: number) => failure({ message: `ECONNRESET by 10.0.0.${n % 250}:80` }),
      (n: number) => failure({ message: `no user "u${n}"`, errorType: "NotFound" }),
      (n: number) => failure({ type: "", message: "", name: () => `backup ${n}`, exitCode: 3, reason: 10 }),
      (n: number) => failure({ type: "", message: "", name: () => `backup ${n}`, exitCode: 4, reason: 10 }),
      (n: number) =>
        failure({ type: "", message: "The command ended.", name: () => `b ${n}`, signal: "SIGSEGV", reason: 11 }),
    ];
    for (let n = 0; n < 10_003; n++) book.note(kinds[n % kinds.length]!(n), T0 + Math.floor(n / 500) * 1_000);
    const groups = [...book.groups.values()].map(({ title, total, type }) => [type, title, total]);
    expect(groups.sort()).toEqual(
      [
        ["send", "Timeout after <n> ms", 1_429],
        ["other", "Timeout after <n> ms", 1_429],
        ["send", "ECONNRESET by <ip>", 1_429],
        ["send", "no user <text>", 1_429],
        ["", "backup <n>: exit code 3", 1_429],
        ["", "backup <n>: exit code 4", 1_429],
        ["", "b <n>: ended by SIGSEGV", 1_429],
      ].sort(),
    );
  });

  test("counts what is left of a storm of different errors without looking at each", () => {
    const book = new FailureBook();
    const word = (n: number) =>
      String.fromCharCode(...[...n.toString(26)].map((digit) => 97 + Number.parseInt(digit, 26)));
    for (let n = 0; n < 5_000; n++) book.note(failure({ message: `error ${word(n)}` }), T0);
    expect(book.groups.size).toBeLessThanOrEqual(1_001);
    const rest = [...book.groups.values()].find(({ title }) => title.startsWith("(too many"));
    expect(rest?.total).toBe(4_000);
  });

  test("remembers first and last version and time, and when a group came back", () => {
    const book = new FailureBook();
    book.note(failure({ version: "1.0" }), T0);
    book.note(failure({ version: "1.1", last: false }), T0 + DAY - 1);
    const [group] = [...book.groups.values()];
    expect(group).toMatchObject({ firstVersion: "1.0", lastVersion: "1.1", firstSeen: T0, backAt: 0, total: 2 });
    book.note(failure({ version: "2.0" }), T0 + 3 * DAY);
    expect(group).toMatchObject({ lastVersion: "2.0", lastSeen: T0 + 3 * DAY, backAt: T0 + 3 * DAY });
  });

  test("gives a minute's counts once, and the hour as a whole", () => {
    const book = new FailureBook();
    book.note(failure(), T0 + 1_000);
    book.note(failure({ last: false }), T0 + 2_000);
    const first = book.closeMinute(T0 + 2_000, 7);
    expect(first.failures).toMatchObject([{ attempts: 2, sampleIds: ["id"], lastSeen: T0 + 2_000 }]);
    const flows = ({ rollups }: typeof first) =>
      rollups.map(({ resolutionMs, at, body }) => [
        resolutionMs,
        at,
        JSON.parse(body).flow[4],
        JSON.parse(body).flow[6],
      ]);
    expect(flows(first)).toEqual([
      [60_000, T0, 1, 2],
      [3_600_000, T0, 1, 2],
    ]);
    expect(book.closeMinute(T0 + 62_000, 7)).toEqual({ rollups: [], failures: [] });
    book.note(failure(), T0 + 121_000);
    expect(flows(book.closeMinute(T0 + 122_000, 7))).toEqual([
      [60_000, T0 + 120_000, 1, 1],
      [3_600_000, T0, 2, 3],
    ]);
  });
});
