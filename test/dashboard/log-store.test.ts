import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { PLAIN, readAnsi, stripAnsi } from "../../gateway/dashboard/src/logs/ansi.ts";
import { findLines, nextMatch } from "../../gateway/dashboard/src/logs/find-lines.ts";
import { LogStore, MAX_LINE, MAX_LINES } from "../../gateway/dashboard/src/logs/log-store.ts";

const bytes = (text: string | Uint8Array) => (typeof text === "string" ? new TextEncoder().encode(text) : text);

/** Fed in pieces, as the network would. */
function store(pieces: readonly (string | Uint8Array)[], stream: "stdout" | "stderr" = "stdout"): LogStore {
  const log = new LogStore();
  for (const piece of pieces) append(log, piece, stream);
  return log;
}
function append(
  log: LogStore,
  piece: string | Uint8Array,
  stream: "stdout" | "stderr" = "stdout",
  elidedBytes = 0,
): boolean {
  return log.append({ offset: log.next + elidedBytes, stream, data: bytes(piece), at: undefined, elidedBytes });
}
const texts = (log: LogStore) => log.all().map(({ text }) => text);

describe("output as lines", () => {
  test("however it is cut, the lines are the same", () => {
    const whole = bytes("first\nzwölf €\r\n\u{1f600} last");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 8 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const log = store(places.slice(1).map((to, index) => whole.subarray(places[index], to)));
        expect(texts(log)).toEqual(["first", "zwölf €", "\u{1f600} last"]);
      }),
    );
  });

  test("a line that is not over is shown, and goes on; the end closes it", () => {
    const log = store(["one\ntw"]);
    expect(texts(log)).toEqual(["one", "tw"]);
    append(log, "o");
    expect(texts(log)).toEqual(["one", "two"]);
    log.end();
    expect(log.lines.map(({ number, text }) => [number, text])).toEqual([
      [1, "one"],
      [2, "two"],
    ]);
  });

  test("both streams in the order of their lines, neither within the other's", () => {
    const log = store(["out be"]);
    append(log, "error\n", "stderr");
    append(log, "gun\n");
    expect(log.lines.map(({ text, stream }) => [text, stream])).toEqual([
      ["error", "stderr"],
      ["out begun", "stdout"],
    ]);
  });

  test("a progress bar is its last state", () => {
    expect(texts(store(["10 %\r50 %\r", "100 %\ndone\r\n"]))).toEqual(["100 %", "done"]);
    expect(texts(store(["10 %\r50 %\r"]))).toEqual(["50 %\r"]);
  });

  test("broken UTF-8 is shown as such and takes nothing else with it", () => {
    expect(texts(store([new Uint8Array([0x61, 0xff, 0x62, 0x0a]), "next\n"]))).toEqual(["a\ufffdb", "next"]);
  });

  test("a line of 10 MB is cut and says by how much; what comes after is whole", () => {
    const log = store(Array.from({ length: 160 }, () => "x".repeat(65_536)));
    append(log, "\nafter\n");
    expect(log.lines[0]?.text).toBe(
      `${"x".repeat(MAX_LINE)} … ${(160 * 65_536 - MAX_LINE).toLocaleString("en")} more characters are in the download`,
    );
    expect(log.lines[1]?.text).toBe("after");
  });

  test("bytes that were here before are passed over, and missing ones are noticed", () => {
    const log = store(["0123456789\n"]);
    expect(
      log.append({ offset: 5, stream: "stdout", data: bytes("56789\nnew\n"), at: undefined, elidedBytes: 0 }),
    ).toBe(true);
    expect(log.append({ offset: 0, stream: "stdout", data: bytes("0123"), at: undefined, elidedBytes: 0 })).toBe(true);
    expect(log.append({ offset: 99, stream: "stdout", data: bytes("far\n"), at: undefined, elidedBytes: 0 })).toBe(
      false,
    );
    expect(texts(log)).toEqual(["0123456789", "new"]);
  });

  test("what the server did not keep leaves a line that says so", () => {
    const log = store(["head\n"]);
    expect(append(log, "tail\n", "stdout", 1_000)).toBe(true);
    expect(log.lines.map(({ text, stream }) => [text, stream])).toEqual([
      ["head", "stdout"],
      ["… 1,000 bytes were not kept …", "note"],
      ["tail", "stdout"],
    ]);
    expect(log.next).toBe(1_010);
  });

  test("the oldest of very many lines go, and their numbers stay right", () => {
    const log = store(Array.from({ length: 25 }, () => "x\n".repeat(10_000)));
    expect(log.lines.length).toBeLessThanOrEqual(MAX_LINES * 1.1);
    expect(log.lines.length + log.dropped).toBe(250_000);
    expect(log.lines.at(-1)?.number).toBe(250_000);
  });

  test("colours go on over the end of a line", () => {
    const log = store(["\u001b[31mred\nstill\u001b[0m not\n"]);
    expect(log.lines[1]?.look).toEqual({ fg: { index: 1 } });
  });
});

describe("escape sequences", () => {
  const looks = (text: string) => readAnsi(text, PLAIN).pieces.map(({ text: piece, look }) => [piece, look]);
  test.each([
    [
      "\u001b[1;32mok\u001b[m.",
      [
        ["ok", { bold: true, fg: { index: 2 } }],
        [".", {}],
      ],
    ],
    [
      "\u001b[38;5;208mo\u001b[48;2;1;2;3mb",
      [
        ["o", { fg: { index: 208 } }],
        ["b", { fg: { index: 208 }, bg: { rgb: [1, 2, 3] } }],
      ],
    ],
    [
      "\u001b[94;103mx\u001b[39;49my",
      [
        ["x", { fg: { index: 12 }, bg: { index: 11 } }],
        ["y", {}],
      ],
    ],
    ["\u001b[38;5mx", [["x", {}]]],
    ["\u001b[38;2;999;0;0mx", [["x", {}]]],
    [
      "a\u001b[2K\u001b[1Gb\u001b]0;title\u0007c",
      [
        ["a", {}],
        ["b", {}],
        ["c", {}],
      ],
    ],
    [
      "\u001b]8;;https://x.example\u001b\\link\u001b]8;;\u001b\\.",
      [
        ["link", { link: "https://x.example" }],
        [".", {}],
      ],
    ],
    ["\u001b]8;;javascript:alert(1)\u0007x", [["x", {}]]],
    [
      "cut\u001b[3",
      [
        ["cut", {}],
        ["[3", {}],
      ],
    ],
  ])("%j", (text, wanted) => {
    expect(looks(text)).toEqual(wanted);
  });

  test("the bare text is the pieces without their looks", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("\u001b", "[", "]", "3", "1", ";", "m", "x", "\\", "8", "\u0007") }),
        (text) => {
          expect(stripAnsi(text)).toBe(
            readAnsi(text, PLAIN)
              .pieces.map((piece) => piece.text)
              .join(""),
          );
        },
      ),
    );
  });
});

describe("finding", () => {
  test("whatever the case and the colours, and around the end", () => {
    const log = store(["One\ntwo\n\u001b[1mon\u001b[0me\n"]);
    const found = findLines(log.lines, "ONE");
    expect(found).toEqual([0, 2]);
    expect([nextMatch(found, 0, 1), nextMatch(found, 2, 1), nextMatch(found, 0, -1), nextMatch([], 0, 1)]).toEqual([
      2, 0, 2, -1,
    ]);
    expect(findLines(log.lines, "")).toEqual([]);
  });
});
