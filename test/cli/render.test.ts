import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { readTime } from "../../cli/read-time.ts";
import { createPainter } from "../../cli/render/color.ts";
import { jsonText } from "../../cli/render/json-text.ts";
import { messageJson } from "../../cli/render/message-json.ts";
import { payloadText } from "../../cli/render/payload-text.ts";
import { printable } from "../../cli/render/printable.ts";
import { progressBar, progressLine } from "../../cli/render/progress-line.ts";
import { tableLines } from "../../cli/render/table.ts";
import { taskTable } from "../../cli/render/task-table.ts";
import { createTerminalFilter } from "../../cli/render/terminal-filter.ts";
import { relativeText, sizeText, spanText } from "../../cli/render/time.ts";
import { columns, cut } from "../../cli/render/width.ts";
import { resolveCommand } from "../../cli/resolve-command.ts";
import {
  AttemptSchema,
  PayloadSchema,
  TaskSchema,
  TaskSpecSchema,
  TaskStatus,
} from "../../proto/gen/tss/v1/task_pb.js";
import { nearest } from "../../runtime/nearest.ts";

test("steering characters are shown, all other text is left alone", () => {
  expect(printable("a\u001b[31m\n\t\u0007\u009b\u202e\u2066\u{e0041}\ud800")).toBe(
    "a\\x1b[31m\\n\\t\\x07\\x9b\\u202e\\u2066\\u{e0041}\\ud800",
  );
  expect(printable("Grüße 日本語 👩‍💻 עברית")).toBe("Grüße 日本語 👩‍💻 עברית");
  expect(JSON.parse(jsonText({ name: "\u202e\u009b\n" }))).toEqual({ name: "\u202e\u009b\n" });
  expect(jsonText({ name: "\u202e\u009b" })).not.toMatch(/[\u202e\u009b]/);
});

test("a terminal gets colours only, wherever the output is cut", () => {
  const hostile = Buffer.from(
    "a\u001b[1;31mred\u001b[0m\u001b]0;t\u001b\\b\u001b]8;;http://x\u0007c\u001bP1$q\u001b\\d\u001b[?1049he\u001b[6nf\u009b2Jg\u001b(0h\u001bcé\u202e\r\n",
  );
  const expected = "a\u001b[1;31mred\u001b[0mbcdefghé\\u202e\r\n";
  for (let at = 0; at <= hostile.length; at++) {
    const filter = createTerminalFilter();
    expect(filter.push(hostile.subarray(0, at)) + filter.push(hostile.subarray(at)) + filter.end()).toBe(expected);
  }
});

test("a string sequence that never ends hides no further line, and a colour left on is switched off", () => {
  const filter = createTerminalFilter();
  expect(filter.push(Buffer.from("\u001b]0;oops\nnext \u001b[32mgreen"))).toBe("\nnext \u001b[32mgreen");
  expect(filter.end()).toBe("\u001b[0m");
});

test("tables cut the widest column that may shrink, and count wide characters as two", () => {
  const rows = [
    { id: "1234567890", name: "日本語の名前はとても長い" },
    { id: "1", name: "short" },
  ];
  const shape = [
    { title: "ID", value: (row: (typeof rows)[0]) => row.id },
    { title: "NAME", value: (row: (typeof rows)[0]) => row.name, shrinkTo: 4 },
  ];
  const narrow = tableLines(rows, shape, 24);
  expect(narrow.map(columns).every((width) => width <= 24)).toBe(true);
  expect(narrow[1]).toBe("1234567890  日本語の名…");
  expect(tableLines(rows, shape, undefined)[1]).toContain("とても長い");
  expect(cut("abc", 3)).toBe("abc");
});

test("spans, distances and sizes are short", () => {
  expect([340, 1_250, 12_900, 200_000, 3_600_000, 100_000_000].map(spanText)).toEqual([
    "340ms",
    "1.2s",
    "12s",
    "3m 20s",
    "1h",
    "1d 3h",
  ]);
  expect([relativeText(0, 62_500), relativeText(62_500, 0), relativeText(0, 300), relativeText(undefined, 0)]).toEqual([
    "1m 2s ago",
    "in 1m 2s",
    "now",
    "",
  ]);
  expect([0, 1_023, 1_536, 10 * 1024 ** 2].map(sizeText)).toEqual(["0 B", "1023 B", "1.5 KiB", "10 MiB"]);
});

test("progress is a bar that fits the line", () => {
  expect(progressBar(50, 4)).toBe("██░░");
  expect([progressBar(-1, 2), progressBar(101, 2)]).toEqual(["░░", "██"]);
  const task = create(TaskSchema, {
    status: TaskStatus.RUNNING,
    progress: { percent: 12.9, message: `m\u001b${"x".repeat(99)}` },
  });
  const line = progressLine(task, 5_000, 60, createPainter(false));
  expect(line).toContain("12% ");
  expect(columns(line)).toBeLessThanOrEqual(60);
  expect(line).not.toContain("\u001b");
});

test("messages become the JSON of the REST interface", () => {
  const task = create(TaskSchema, {
    id: "t",
    status: TaskStatus.SUCCEEDED,
    createdAt: timestampFromMs(0),
    attempts: [create(AttemptSchema, { number: 1, fencingToken: 2n ** 52n })],
    result: create(PayloadSchema, { data: new Uint8Array([1, 2]), contentType: "x/y" }),
    spec: create(TaskSpecSchema, { timeout: durationFromMs(1_500), labels: { a: "b" } }),
  });
  expect(messageJson(TaskSchema, task)).toMatchObject({
    id: "t",
    status: "succeeded",
    createdAt: "1970-01-01T00:00:00.000Z",
    attempts: [{ number: 1, fencingToken: 2 ** 52 }],
    result: { data: "AQI=", contentType: "x/y" },
    spec: { timeout: 1.5, labels: { a: "b" } },
  });
  expect(messageJson(TaskSchema, task)).not.toHaveProperty("exitCode");
});

test("times are read as people write them", () => {
  const noon = new Date(2026, 10, 24, 12, 0, 0).getTime();
  expect(readTime("2026-11-24T17:00:00Z", noon)).toBe(Date.UTC(2026, 10, 24, 17));
  expect(readTime("2026-11-24 18:30", noon)).toBe(new Date(2026, 10, 24, 18, 30).getTime());
  expect(readTime("18:30", noon)).toBe(new Date(2026, 10, 24, 18, 30).getTime());
  expect(readTime("8:30", noon)).toBe(new Date(2026, 10, 25, 8, 30).getTime());
  expect(["25:00", "tomorrow", "2026-13-01T00:00Z", ""].map((text) => readTime(text, noon))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("mistyped words find the nearest, foreign ones none", () => {
  expect(nearest("lsit", ["list", "logs", "wait"])).toBe("list");
  expect(nearest("creat", ["create", "retry"])).toBe("create");
  expect(nearest("zebra", ["create", "list"])).toBeUndefined();
});

test("flags of every command may stand before its name, and a task's own flags are its own", () => {
  expect(resolveCommand(["--json", "--coordinator", "h:1", "tasks", "list", "-q", "a"])).toEqual({
    kind: "command",
    id: "task:list",
    argv: ["--json", "--coordinator", "h:1", "-q", "a"],
  });
  expect(resolveCommand(["run", "--", "ls", "--help"])).toMatchObject({ kind: "command", id: "run" });
  expect(resolveCommand(["task", "list", "--help"])).toEqual({ kind: "help", words: ["task", "list"] });
  expect(resolveCommand([])).toEqual({ kind: "help", words: [] });
});

test("a table on a narrow terminal leaves out what may be left out, the least telling first", () => {
  const task = create(TaskSchema, {
    id: "0g0800000100010000007x8pz8",
    name: "resize astronaut.jpg",
    queue: "default",
    status: TaskStatus.SUCCEEDED,
    createdAt: timestampFromMs(0),
    startedAt: timestampFromMs(1_000),
    endedAt: timestampFromMs(4_000),
  });
  const titles = (width: number) => {
    const [title = "", row = ""] = taskTable([task], 82_000, width, createPainter(false));
    expect(columns(row)).toBeLessThanOrEqual(width);
    return title.trim().split(/ +/).join(" ");
  };
  expect(titles(120)).toBe("ID NAME QUEUE STATUS CREATED TIME");
  expect(titles(66)).toBe("ID NAME STATUS CREATED TIME");
  expect(titles(60)).toBe("ID NAME STATUS CREATED");
  expect(titles(48)).toBe("ID NAME STATUS");
  expect(titles(37)).toBe("ID STATUS");
});

test("a result without a type is JSON", () => {
  expect(payloadText(create(PayloadSchema, { data: Buffer.from('{"n":1}') }))).toBe('{"n":1}');
  expect(payloadText(create(PayloadSchema, { data: new Uint8Array(5), encodings: ["gzip"] }))).toBe(
    "application/json, gzip, 5 B",
  );
});
