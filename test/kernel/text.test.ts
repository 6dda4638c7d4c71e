import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { byteLength, characters, lineProblem, textProblem } from "../../coordinator/kernel/text.ts";

/** Any text at all, lone surrogates and U+0000 included, often with the characters that matter. */
const units = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom("a", "é", "€", "😀", "\u0000", "\n", "\u007f", "\u2028", "\ud83d", "\ude00"),
  },
);
const texts = fc.array(units, { maxLength: 12 }).map((parts) => parts.join(""));
const survivesUtf8 = (text: string) => Buffer.from(text, "utf8").toString("utf8") === text;

test("a text is refused for U+0000 and for lone surrogates, and for nothing else", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const problem = textProblem(text);
      if (text.includes("\u0000")) expect(problem).toContain("U+0000");
      else if (!survivesUtf8(text)) expect(problem).toContain("surrogate");
      else expect(problem).toBeNull();
    }),
    { numRuns: 2_000 },
  );
  expect(textProblem("\ud83d")).toContain("surrogate");
  expect(textProblem("\ude00\ud83d")).toContain("surrogate");
  expect(textProblem("\ud83d\ude00")).toBeNull();
});

test("a line passes exactly when its code points are within the limits and every one can be printed", () => {
  const unprintable = (text: string) => /[\p{Cc}\u2028\u2029]/u.test(text);
  fc.assert(
    fc.property(texts, fc.nat(4), fc.nat(8), (text, min, more) => {
      const max = min + more;
      const count = [...text].length;
      expect(characters(text)).toBe(count);
      const good = count >= min && count <= max && survivesUtf8(text) && !unprintable(text);
      expect(lineProblem(text, min, max) === null).toBe(good);
    }),
    { numRuns: 5_000 },
  );
});

test("a character counts once, however many bytes or code units it takes", () => {
  const face = "😀";
  expect(lineProblem(face.repeat(200), 1, 200)).toBeNull();
  expect(lineProblem(face.repeat(201), 1, 200)).toContain("at most 200 characters (it has 201)");
  expect(lineProblem("", 1, 200)).toBe("must not be empty");
  expect(lineProblem(face, 2, 3)).toBe("must have at least 2 characters");
  expect(byteLength(face)).toBe(4);
});

test("bytes are counted as UTF-8", () => {
  fc.assert(fc.property(texts, (text) => expect(byteLength(text)).toBe(Buffer.from(text, "utf8").length)));
});
