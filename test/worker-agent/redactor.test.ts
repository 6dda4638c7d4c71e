import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Machines, machinesOf as machinesOfAll } from "../../worker-agent/redaction/machines-of.ts";
import { buildMachine } from "../../worker-agent/redaction/pattern-machine.ts";
import { createRedactor, redactBytes } from "../../worker-agent/redaction/redactor.ts";
import { formsOf } from "../../worker-agent/redaction/secret-forms.ts";

const RUNS = process.env["TEST_LONG"] === "1" ? 100_000 : 1_000;

/** Any text a value may be, those that have to be escaped among them. */
const secret = fc.oneof(
  fc.string({ unit: "binary", minLength: 6, maxLength: 60 }).filter((text) => text.isWellFormed()),
  fc.string({ unit: fc.constantFrom(..."aA0+/\"'\\ $%&<é\n"), minLength: 6, maxLength: 40 }),
  fc.stringMatching(/^[A-Za-z0-9]{6,40}$/),
);

/** How programs write a value; each gives what must not be seen. */
const WRITTEN: Readonly<Record<string, (value: string, before: Buffer, behind: Buffer) => [Buffer, string]>> = {
  plain: (value, before, behind) => [Buffer.concat([before, Buffer.from(value), behind]), value],
  line: (value, before, behind) => {
    const line = value.split(/\r?\n/).find((part) => part.length >= 6) ?? value;
    return [Buffer.concat([before, Buffer.from(line), behind]), line];
  },
  json: (value) => [Buffer.from(JSON.stringify({ key: value })), JSON.stringify(value).slice(1, -1)],
  url: (value, before, behind) => {
    const form = encodeURIComponent(value);
    return [Buffer.concat([before, Buffer.from(form), behind]), form];
  },
  form: (value) => {
    const form = String(new URLSearchParams({ k: value }));
    return [Buffer.from(form), form.slice(2)];
  },
  hex: (value, before, behind) => {
    const hex = Buffer.from(value).toString("hex");
    return [Buffer.from(Buffer.concat([before, Buffer.from(value), behind]).toString("hex")), hex];
  },
  base64: (value, before, behind) => encoded("base64", value, before, behind),
  base64url: (value, before, behind) => encoded("base64url", value, before, behind),
  "base64 in lines of 64": (value, before, behind) => wrapped(64, "\n", encoded("base64", value, before, behind)),
  "base64 in lines of 76": (value, before, behind) => wrapped(76, "\r\n", encoded("base64", value, before, behind)),
  "base64url in lines of 64": (value, before, behind) =>
    wrapped(64, "\r\n", encoded("base64url", value, before, behind)),
  "hex in lines of 60": (value, before, behind) => {
    const [text, hidden] = [Buffer.concat([before, Buffer.from(value), behind]).toString("hex"), value];
    return wrapped(60, "\n", [Buffer.from(text), Buffer.from(hidden).toString("hex")], before.length * 2);
  },
};

/** Broken into lines; what must not be seen is so too. */
function wrapped(
  width: number,
  lineBreak: string,
  [text, hidden]: [Buffer, string],
  start = text.indexOf(hidden),
): [Buffer, string] {
  const broken = (characters: string, from: number) =>
    [...characters].map((char, at) => ((from + at) % width === 0 && from + at > 0 ? lineBreak : "") + char).join("");
  return [Buffer.from(broken(String(text), 0)), broken(hidden, start)];
}

function encoded(encoding: "base64" | "base64url", value: string, before: Buffer, behind: Buffer): [Buffer, string] {
  const text = Buffer.concat([before, Buffer.from(value), behind]).toString(encoding);
  const first = Math.ceil((before.length * 8) / 6);
  return [Buffer.from(text), text.slice(first, Math.floor(((before.length + Buffer.byteLength(value)) * 8) / 6))];
}

function inPieces(bytes: Uint8Array, cuts: readonly number[], redactor = createRedactor(machineOf("never there"))) {
  const shown: Uint8Array[] = [];
  let at = 0;
  for (const cut of [...cuts.map((part) => part % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    shown.push(redactor.push(bytes.subarray(at, cut)));
    at = cut;
  }
  shown.push(redactor.end());
  return Buffer.concat(shown);
}

const machineOf = (...values: string[]) => machinesOfAll(values);
const plain = (patterns: readonly Uint8Array[]): Machines => ({
  plain: buildMachine(patterns),
  wrapped: buildMachine([]),
});
const bytes = (text: string) => Buffer.from(text);

describe("redaction", () => {
  test("no value gets through, however it is written and wherever its output is cut", () => {
    const surroundings = fc.uint8Array({ maxLength: 12 }).map((part) => Buffer.from(part));
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...Object.keys(WRITTEN)),
        surroundings,
        surroundings,
        fc.array(fc.nat(200), { maxLength: 6 }),
        (value, way, before, behind, cuts) => {
          const [written, hidden] = (WRITTEN[way] as (typeof WRITTEN)[string])(value, before, behind);
          const shown = inPieces(written, cuts, createRedactor(machineOf(value)));
          if (hidden.length >= 6 && !"***".includes(hidden)) expect(shown.includes(hidden)).toBe(false);
          expect(shown.includes("***")).toBe(hidden.length >= 6);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("what is masked is every byte of every occurrence and no other, as a plain search finds them", () => {
    const few = fc.uint8Array({ max: 2, minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(few, { minLength: 1, maxLength: 5 }),
        fc.uint8Array({ max: 2, maxLength: 80 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (patterns, data, cuts) => {
          const machine = plain(patterns);
          const expected = searched(patterns, data);
          expect(inPieces(data, cuts, createRedactor(machine))).toEqual(expected);
          expect(Buffer.from(redactBytes(machine, data))).toEqual(expected);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("a redactor goes on where another was, from numbers that say nothing of the value", () => {
    const few = fc.uint8Array({ max: 2, minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(few, { minLength: 1, maxLength: 5 }),
        fc.uint8Array({ max: 2, maxLength: 60 }),
        fc.nat(60),
        (patterns, data, part) => {
          const cut = Math.min(part, data.length);
          const first = createRedactor(plain(patterns));
          const begin = first.push(data.subarray(0, cut));
          const second = createRedactor(plain(patterns), first.waiting);
          const rest = [second.push(data.subarray(cut)), second.end()];
          expect(Buffer.concat([begin, ...rest])).toEqual(searched(patterns, data));
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("only what may be the begin of a value waits", () => {
    const redactor = createRedactor(machineOf("hunter2-hunter"));
    expect(String(redactor.push(bytes("login: hunt")))).toBe("login: ");
    expect(String(redactor.push(bytes("ing\n")))).toBe("hunting\n");
    expect(String(redactor.push(bytes("hunter2-")))).toBe("");
    expect(String(redactor.push(bytes("hunter!")))).toBe("***!");
    expect(String(redactor.push(bytes("hunter2")))).toBe("");
    expect(String(redactor.end())).toBe("hunter2");
  });

  test("a value that breaks off at the end is masked from 6 bytes on, where that is asked for", () => {
    const endOf = (text: string, ...maskFrom: number[]) => {
      const redactor = createRedactor(machineOf("hunter2-hunter"));
      return Buffer.concat([redactor.push(bytes(text)), redactor.end(...maskFrom)]).toString();
    };
    expect(endOf("it is hunter", 6)).toBe("it is ***");
    expect(endOf("it is hunte", 6)).toBe("it is hunte");
    expect(endOf("it is hunter2-hunter2", 6)).toBe("it is ***");
    expect(endOf("it is hunter")).toBe("it is hunter");
  });

  test("text without a value passes as the very bytes that came", () => {
    const data = bytes("nothing of it is here\n");
    expect(createRedactor(machineOf("XYZ-4711-XYZ")).push(data).buffer).toBe(data.buffer);
  });

  test("values and lines of fewer than 6 characters are not looked for", () => {
    expect(formsOf("12345")).toEqual([]);
    expect(String(redactBytes(machineOf("short\nlong enough\n"), bytes("short, long enough")))).toBe("short, ***");
  });

  test("a value is found in base64 that is broken into lines", () => {
    const value = "0123456789 abcdefghijklmnopqrstuvwxyz ".repeat(6);
    const lines =
      bytes(value)
        .toString("base64")
        .match(/.{1,76}/g) ?? [];
    expect(lines.length).toBeGreaterThan(2);
    const shown = String(redactBytes(machineOf(value), bytes(`${lines.join("\n")}\n`)));
    for (const line of lines) expect(shown).not.toContain(line);
  });

  const SHORT = "Tr0ub4dor&3-correct-horse-ba";
  const LONG = Array.from({ length: 40 }, (_, at) => `${at * at}-${at}`).join("");
  const WAYS = [SHORT, LONG].flatMap((value) =>
    [64, 76].flatMap((width) => ["\n", "\r\n"].map((lineBreak) => [width, lineBreak, value.length, value] as const)),
  );
  test.each(WAYS)(
    "… of %i characters, wherever in it the value begins, ended by %j: one of %i",
    (width, lineBreak, _, value) => {
      const machines = machineOf(value);
      for (let offset = 0; offset < 120; offset += 1) {
        const [before, behind] = [Buffer.alloc(offset, "p"), bytes("~ and more, far behind it")];
        const [text, hidden] = encoded("base64", value, before, behind);
        const at = text.indexOf(hidden);
        const lines = (part: Buffer, from: number) => {
          const first = part.subarray(0, width - (from % width));
          const rest = String(part.subarray(first.length)).match(new RegExp(`.{1,${width}}`, "g")) ?? [];
          return [String(first), ...rest].join(lineBreak);
        };
        const output = bytes(lines(text, 0));
        const secretPart = lines(text.subarray(at, at + hidden.length), at);
        const expected = lines(text, 0).replace(secretPart, "***");
        expect(expected).toContain("***");
        for (const piece of [1, 7, output.length]) {
          const redactor = createRedactor(machines);
          const shown: Uint8Array[] = [];
          for (let cut = 0; cut < output.length; cut += piece)
            shown.push(redactor.push(output.subarray(cut, cut + piece)));
          shown.push(redactor.end());
          expect(String(Buffer.concat(shown))).toBe(expected);
        }
        for (let cut = 0; cut <= output.length; cut += 5) {
          const first = createRedactor(machines);
          const begin = first.push(output.subarray(0, cut));
          const second = createRedactor(machines, JSON.parse(JSON.stringify(first.waiting)));
          const rest = [second.push(output.subarray(cut)), second.end()];
          expect(String(Buffer.concat([begin, ...rest]))).toBe(expected);
        }
      }
    },
  );

  test("the end of a line of a log does not wait, though it may be the begin of a value in base64", () => {
    const value = "hunter2-hunter";
    const begin = bytes(value).toString("base64").slice(0, 4);
    expect(String(createRedactor(machineOf(value)).push(bytes(`it is ${begin}\n`)))).toBe(`it is ${begin}\n`);
  });

  test("a value is found as a shell prints it", () => {
    const shown = String(
      redactBytes(machineOf(`it's "50$"`), bytes(`+ echo 'it'\\''s "50$"'\nexport K="it's \\"50\\$\\""`)),
    );
    expect(shown).toBe(`+ echo '***'\nexport K="***"`);
  });
});

function searched(patterns: readonly Uint8Array[], data: Uint8Array): Buffer {
  const found: [number, number][] = [];
  for (const pattern of patterns)
    for (let at = 0; at + pattern.length <= data.length; at++)
      if (Buffer.compare(data.subarray(at, at + pattern.length), pattern) === 0) found.push([at, at + pattern.length]);
  found.sort(([a], [b]) => a - b);
  const parts: Uint8Array[] = [];
  let at = 0;
  let end = 0;
  for (const [from, to] of found) {
    if (from >= end) parts.push(data.subarray(at, from), bytes("***"));
    end = Math.max(end, to);
    at = end;
  }
  parts.push(data.subarray(at));
  return Buffer.concat(parts);
}
