import { afterEach, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { matching } from "../../gateway/dashboard/src/app/palette.ts";
import { checkDraft } from "../../gateway/dashboard/src/submit/check-draft.ts";
import { BLANK, draftLike } from "../../gateway/dashboard/src/submit/draft.ts";
import { hexDump, indentJson } from "../../gateway/dashboard/src/task/read-payload.ts";
import { compareSpan, differences, ranMs, waitedMs } from "../../gateway/dashboard/src/task/usual.ts";
import { mergeHead } from "../../gateway/dashboard/src/tasks/merge-head.ts";
import { formatAge, formatDuration, formatTime } from "../../gateway/dashboard/src/time/format.ts";
import { serverNow, setServerTime } from "../../gateway/dashboard/src/time/server-clock.ts";
import { ticking } from "../../gateway/dashboard/src/time/ticking.ts";
import { displayText } from "../../gateway/dashboard/src/ui/display-text.ts";
import { until } from "../support/until.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

describe("a list and its newest page", () => {
  test.each([
    [
      "new rows come in front",
      ["c", "b", "a"],
      ["d", "c", "b"],
      false,
      { order: ["d", "c", "b", "a"], fresh: ["d"], left: [] },
    ],
    ["one that fits no longer goes", ["c", "b", "a"], ["c", "a"], false, { order: ["c", "a"], fresh: [], left: ["b"] }],
    ["below the page nothing is known", ["c", "b", "a"], ["d", "c"], false, { order: ["d", "c", "b", "a"], left: [] }],
    ["a whole list is what it is", ["c", "b"], ["a"], true, { order: ["a"], fresh: ["a"], left: ["c", "b"] }],
    ["more came than a page holds", ["b", "a"], ["z", "y"], false, { order: ["z", "y"], apart: true }],
    ["an empty screen", [], ["b", "a"], false, { order: ["b", "a"], fresh: ["b", "a"], apart: false }],
  ])("%s", (_, shown, head, whole, wanted) => {
    expect(mergeHead(shown, head, whole)).toMatchObject(wanted);
  });
});

describe("times", () => {
  test.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [59_499, "59 s"],
    [59_500, "1 m 00 s"],
    [3_599_999, "1 h 00 m"],
    [90_000_000, "1 d 1 h"],
    [-5, "0 ms"],
  ])("%i ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test("ages look both ways", () => {
    expect([formatAge(0, 1_000), formatAge(0, 61_000), formatAge(7_200_000, 0), formatAge(1_000, 0)]).toEqual([
      "just now",
      "1 m ago",
      "in 2 h",
      "now",
    ]);
  });

  test("who begins to look sees the time of now, not of the last who looked", async () => {
    const last = ticking.get();
    await until("a later moment", () => Date.now() > last);
    const stop = ticking.subscribe(() => {});
    expect(ticking.get()).toBeGreaterThan(last);
    stop();
  });

  test("UTC is UTC wherever the computer is", () => {
    expect(formatTime(Date.parse("2026-03-01T23:59:59.123Z"), "utc", true)).toBe("2026-03-01 23:59:59.123");
  });

  test("ages follow the server's clock when ours is an hour off, and ours when it is not", () => {
    const now = Date.now();
    jest.spyOn(Date, "now").mockReturnValue(now);
    setServerTime(now + 3_600_000, now, now);
    expect(serverNow()).toBe(now + 3_600_000);
    setServerTime(now + 40, now - 100, now);
    expect(serverNow()).toBe(now);
  });
});

describe("the field at the top", () => {
  const command = (label: string, kind: string) => ({ label, kind, glyph: "list" as const, run: () => {} });
  const all = [
    command("Overview", "page"),
    command("Queues", "page"),
    command("mail", "queue"),
    command("bulk-mail", "queue"),
  ];
  const found = (text: string) => matching(all, text).map(({ label }) => label);

  test("finds what has all the words, in name or kind, and first what begins with them", () => {
    expect(found("")).toEqual(["Overview", "Queues", "mail", "bulk-mail"]);
    expect(found("MAIL")).toEqual(["mail", "bulk-mail"]);
    expect(found("queue")).toEqual(["Queues", "mail", "bulk-mail"]);
    expect(found("queue bulk")).toEqual(["bulk-mail"]);
    expect(found("nothing like it")).toEqual([]);
  });
});

describe("text of others", () => {
  test("what hides or moves text is made visible", () => {
    expect(displayText("a\u202eb\u0000c\u200bd\u001be\u007f\ufeff")).toBe(
      "a⟨U+202E⟩b\u2400c⟨U+200B⟩d\u241be\u2421⟨U+FEFF⟩",
    );
    expect(displayText("tab\tand\nline é \u{1f600}")).toBe("tab\tand\nline é \u{1f600}");
    expect(displayText("x".repeat(30), 10)).toBe(`${"x".repeat(10)}… (20 more characters)`);
  });

  test("JSON is indented without reading its numbers", () => {
    expect(indentJson('{"a":[1,12345678901234567890,{}],"b":"x: [1, 2]"}')).toBe(
      '{\n  "a": [\n    1,\n    12345678901234567890,\n    {}\n  ],\n  "b": "x: [1, 2]"\n}',
    );
    expect(indentJson("no json")).toBe("no json");
    fc.assert(fc.property(fc.json(), (json) => expect(JSON.parse(indentJson(json))).toEqual(JSON.parse(json))));
  });

  test("bytes are shown in rows", () => {
    expect(hexDump(new Uint8Array([0x41, 0, 0xff]))).toBe(`000000  41 00 ff${" ".repeat(39)}  A..`);
  });
});

describe("the form", () => {
  test("what is filled in becomes a task; the name is what it runs", () => {
    const draft = {
      ...BLANK,
      command: "echo hi\nmore",
      delay: "1.5m",
      retries: "2",
      retryInterval: "500ms",
      labels: "a=b=c\n\nd=",
    };
    expect(checkDraft(draft)).toMatchObject({
      problems: {},
      spec: {
        name: "echo hi",
        command: "echo hi\nmore",
        delay: "90s",
        retry: { limit: 2, interval: "0.5s" },
        labels: { a: "b=c", d: "" },
      },
    });
  });

  test.each([
    [{ command: " " }, "command"],
    [{ command: "x", queue: "No" }, "queue"],
    [{ command: "x", priority: "128" }, "priority"],
    [{ command: "x", priority: "1.5" }, "priority"],
    [{ command: "x", delay: "soon" }, "delay"],
    [{ command: "x", retries: "100" }, "retries"],
    [{ command: "x", payload: "{" }, "payload"],
    [{ command: "x", env: "1A=x" }, "env"],
    [{ command: "x", labels: "novalue" }, "labels"],
    [{ command: "x", name: "n".repeat(201) }, "name"],
    [{ kind: "type" as const }, "type"],
    [{ kind: "argv" as const, argv: "" }, "argv"],
  ])("%j is wrong in %s", (part, field) => {
    expect(Object.keys(checkDraft({ ...BLANK, ...part }).problems)).toContain(field);
  });

  test("a copy of a task is that task again", () => {
    const spec = {
      name: "n",
      argv: ["a", "b c", "two\nlines", '"q"', ""],
      timeout: "90s",
      retry: { limit: 1, interval: "0.5s" },
      env: { A: "1=2", B: "x\ny" },
      labels: {},
      priority: -5,
    };
    expect(checkDraft(draftLike({ spec })).spec).toEqual(spec);
  });
});

describe("beside others of its kind", () => {
  test("a duration is as usual up to the 95th, and nothing is said of few", () => {
    expect(compareSpan(94, 10, 95, 20)?.word).toBe("as usual");
    expect(compareSpan(96, 10, 95, 20)?.word).toBe("longer than usual");
    expect(compareSpan(96, 10, 95, 19)).toBe(undefined);
    expect(compareSpan(undefined, 10, 95, 20)).toBe(undefined);
    expect(compareSpan(96, undefined, undefined, 0)).toBe(undefined);
  });

  test("it waited from when it could have started, and runs until now", () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const task = { createdAt: at(1_000), runAt: at(5_000), attempts: [{ leasedAt: at(7_500), startedAt: at(8_000) }] };
    expect([waitedMs(task, 10_000), ranMs(task, 10_000)]).toEqual([2_500, 2_000]);
    expect([waitedMs({ createdAt: at(1_000) }, 10_000), ranMs({}, 10_000)]).toEqual([9_000, undefined]);
    expect(waitedMs({ createdAt: at(1_000), runAt: at(20_000) }, 10_000)).toBe(undefined);
    expect(waitedMs({ createdAt: at(1_000), endedAt: at(3_000) }, 10_000)).toBe(2_000);
  });

  test("what is other is named, whatever the order of keys", () => {
    const spec = { command: "a", env: { A: "1", B: "2" }, labels: { x: "1" } };
    expect(differences(spec, { ...spec, env: { B: "2", A: "1" } })).toEqual([]);
    expect(differences(spec, { command: "b", env: { A: "1" } })).toEqual(["command", "environment", "labels"]);
  });
});
