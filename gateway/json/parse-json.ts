/** One thing wrong with a JSON text, and where. */
export class JsonProblem extends Error {
  /** Path in the document, e.g. `retry.limit`; "": the document itself. */
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.name = "JsonProblem";
    this.path = path;
  }
}

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

const MAX_DEPTH = 32;
const MAX_KEYS = 10_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]+/y;

/**
 * Reads JSON as RFC 8259 has it and refuses what JSON.parse lets pass: a key twice, numbers that change when read, texts
 * with lone surrogates or U+0000, more than 32 levels.
 * @throws JsonProblem
 */
export function parseJson(text: string): JsonValue {
  const reader = new Reader(text);
  const value = reader.value("", 0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #keys = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(path: string, depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new JsonProblem(path, `is nested more than ${MAX_DEPTH} levels deep`);
    this.#space();
    const character = this.#text[this.#at];
    if (character === "{") return this.#object(path, depth);
    if (character === "[") return this.#array(path, depth);
    if (character === '"') return this.#string(path);
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    return this.#number(path);
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#broken();
  }

  #object(path: string, depth: number): JsonObject {
    // Without a prototype, `__proto__` is a key like any other.
    const object: JsonObject = Object.create(null);
    this.#at++;
    this.#space();
    if (this.#take("}")) return object;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#broken();
      const key = this.#string(path);
      const inner = path === "" ? key : `${path}.${key}`;
      if (key in object) throw new JsonProblem(inner, "is given twice");
      if (++this.#keys > MAX_KEYS) throw new JsonProblem(path, `has more than ${MAX_KEYS} keys`);
      this.#space();
      if (!this.#take(":")) throw this.#broken();
      object[key] = this.value(inner, depth + 1);
      this.#space();
      if (this.#take("}")) return object;
      if (!this.#take(",")) throw this.#broken();
    }
  }

  #array(path: string, depth: number): JsonValue[] {
    const array: JsonValue[] = [];
    this.#at++;
    this.#space();
    if (this.#take("]")) return array;
    for (;;) {
      array.push(this.value(`${path}[${array.length}]`, depth + 1));
      this.#space();
      if (this.#take("]")) return array;
      if (!this.#take(",")) throw this.#broken();
    }
  }

  #string(path: string): string {
    const from = this.#at++;
    for (;;) {
      PLAIN.lastIndex = this.#at;
      if (PLAIN.test(this.#text)) this.#at = PLAIN.lastIndex;
      const character = this.#text[this.#at];
      if (character === '"') break;
      if (character !== "\\") throw this.#broken();
      this.#at += 2;
    }
    this.#at++;
    let value: string;
    try {
      value = JSON.parse(this.#text.slice(from, this.#at)) as string;
    } catch {
      throw this.#broken();
    }
    if (!value.isWellFormed()) throw new JsonProblem(path, "must be well-formed Unicode (it has a lone surrogate)");
    if (value.includes("\u0000")) throw new JsonProblem(path, "must not contain U+0000");
    return value;
  }

  #number(path: string): number {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#broken();
    this.#at = NUMBER.lastIndex;
    const value = Number(match[0]);
    if (!Number.isFinite(value)) throw new JsonProblem(path, `is too large a number (${match[0].slice(0, 30)})`);
    if (/^-?\d+$/.test(match[0]) && !Number.isSafeInteger(value))
      throw new JsonProblem(path, "is a whole number beyond 2^53, which JSON cannot carry exactly");
    return value;
  }

  #space(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #broken(): JsonProblem {
    if (this.#at >= this.#text.length) return new JsonProblem("", "is not JSON: it ends too early");
    return new JsonProblem(
      "",
      `is not JSON: unexpected ${JSON.stringify(this.#text[this.#at])} at character ${this.#at + 1}`,
    );
  }
}
