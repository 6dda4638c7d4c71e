import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { csvLine, TASK_COLUMNS, taskCells } from "../../gateway/routes/task-cells.ts";
import { type DevSystem, startDev } from "../support/dev-system.ts";

/** A list of tasks as a file. */
let system: DevSystem;
beforeAll(async () => {
  system = await startDev();
});
afterAll(() => system?.stop());

const submitAll = (tasks: readonly object[]) =>
  system.rest("/task/submit", { method: "POST", body: JSON.stringify({ tasks }) });

describe("a line of CSV", () => {
  test.each([
    [["a", "b c", ""], "a,b c,\r\n"],
    [['say "x"', "a,b", "two\nlines"], '"say ""x""","a,b","two\nlines"\r\n'],
    [["=1+1", "@x", "+a", "-a", "\tx"], "'=1+1,'@x,'+a,'-a,'\tx\r\n"],
    [['=HYPERLINK("x","y")'], '"\'=HYPERLINK(""x"",""y"")"\r\n'],
    [["-5", "-0.5", "5"], "-5,-0.5,5\r\n"],
    [["-5+1", "-"], "'-5+1,'-\r\n"],
  ])("%j", (cells, line) => expect(csvLine(cells)).toBe(line));

  test("has a cell for every column, with labels and errors as texts", () => {
    const cells = taskCells({ id: "1", labels: { a: "b", c: "d" }, error: { type: "E", message: "m" }, exitCode: 0 });
    expect(cells).toHaveLength(TASK_COLUMNS.length);
    expect(cells.filter((cell) => cell !== "")).toEqual(["1", "a=b c=d", "0", "E: m"]);
  });
});

test("all that fit, over more than a page, and nothing else", async () => {
  const named = (queue: string, from: number, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      name: `=n ${from + at}`,
      type: "nobody",
      queue,
      labels: { of: queue },
    }));
  await submitAll(named("files", 0, 700));
  await submitAll(named("files", 700, 500));
  await submitAll(named("others", 0, 3));
  const answer = await system.rest("/task/export?queue=files&notName=%3Dn%207");
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="tasks.csv"');
  const [head = "", ...lines] = (await answer.text()).split("\r\n");
  expect(head.split(",")).toEqual([...TASK_COLUMNS]);
  expect(lines.pop()).toBe("");
  expect(lines).toHaveLength(1_199);
  const names = lines.map((line) => line.split(",")[1]);
  expect(new Set(names).size).toBe(1_199);
  expect(names[0]).toMatch(/^'=n \d+$/);
  expect(names).not.toContain("'=n 7");
  expect(lines[0]).toMatch(/^[0-9a-z]{26},'=n \d+,files,nobody,waiting,ready,0,of=files,\d{4}-/);
});

test("a file that ends before the list does says so, and where to go on", async () => {
  const csv = await (await system.rest("/task/export?queue=others&limit=2")).text();
  const last = csv.split("\r\n").at(-2) ?? "";
  const [, cursor = ""] = /^There are more: cursor=([\w-]+),+$/.exec(last) ?? [];
  const rest = await (await system.rest(`/task/export?queue=others&format=ndjson&cursor=${cursor}`)).text();
  expect(
    rest
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ queue: "others", status: "waiting" }]);
  const lines = (await (await system.rest("/task/export?queue=others&limit=1&format=ndjson")).text())
    .trim()
    .split("\n");
  expect(JSON.parse(lines[1] ?? "")).toEqual({ nextCursor: expect.stringMatching(/^[\w-]+$/) });
});

test.each([
  ["format=xls", /format must be csv or ndjson/],
  ["limit=100001", /limit must be from 1 to 100000/],
  ["queue=Mail", /queue/],
  ["colour=red", /colour/],
  ["args=x", /args must be a path/],
])("%s is refused before anything is sent", async (query, message) => {
  const answer = await system.rest(`/task/export?${query}`);
  expect(answer.status).toBe(400);
  expect(((await answer.json()) as { detail: string }).detail).toMatch(message);
});
