import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { loadCodec } from "../../../sdk/typescript/codecs/load-codec.ts";
import { payloadCodec } from "../../../sdk/typescript/codecs/payload-codec.ts";
import { codecExam } from "../../contract/codec-exam.ts";
import { serializerExam } from "../../contract/serializer-exam.ts";
import { errorOf } from "./error-of.ts";

const root = mkdtempSync(join(tmpdir(), "tss-codecs-"));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function module(source: string): string {
  const path = join(root, `codec-${++count}.mjs`);
  writeFileSync(path, source);
  return path;
}

/** The module that docs/plugins.md shows. */
const documented = /```js\n(\/\/ brotli\.mjs[\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, "../../../docs/plugins.md"), "utf8"),
)?.[1];
const TEXT = `{
  name: "text",
  contentType: "text/plain",
  accepts: (value) => typeof value === "string",
  serialize: (value) => new TextEncoder().encode(value),
  deserialize: (data) => new TextDecoder().decode(data),
}`;

codecExam("the module in the documentation", () => loadCodec(module(documented ?? "")));
serializerExam("a module", () => loadCodec(module(`export const serializer = ${TEXT};`), "serializer"), [
  "",
  "a",
  "é".repeat(10_000),
]);

test("a module is found by its path from the working directory, its whole path or its file: URL", async () => {
  const path = module(`export const serializer = ${TEXT};`);
  for (const where of [path, relative(process.cwd(), path), pathToFileURL(path).href]) {
    expect((await loadCodec(where, "serializer")).name).toBe("text");
  }
});

test("both exports of a module work together in a payload", async () => {
  const path = module(`${documented}\nexport const serializer = ${TEXT};`);
  const payloads = payloadCodec({
    serializers: [await loadCodec(path, "serializer")],
    codecs: [await loadCodec(path)],
  });
  const payload = await payloads.encode("line of text\n".repeat(50_000));
  expect(payload).toMatchObject({ contentType: "text/plain", encodings: ["brotli"] });
  expect(payloads.decode(payload)).toBe("line of text\n".repeat(50_000));
});

test("a codec may be an object of a class", async () => {
  const source = `class Same {
    name = "same";
    encode() { return null; }
    decode(data) { return this.name === "same" ? data : null; }
  }
  export const codec = new Same();`;
  const payloads = payloadCodec({ codecs: [await loadCodec(module(source))] });
  expect(payloads.decode({ data: Buffer.from("1"), contentType: "", encodings: ["same"] })).toBe(1);
});

test("a module that is not there, fails, or exports something else is named with what is missing", async () => {
  const refusal = async (path: string, name = "codec") => {
    const error = await errorOf(() => loadCodec(path, name as "codec"));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(path);
    return error.message;
  };
  expect(await refusal(join(root, "absent.mjs"))).toContain("cannot be loaded: ");
  expect(await refusal("file:///absent/codec.mjs")).toContain("cannot be loaded: ");
  expect(await refusal(module("throw new Error('no licence\\nline two');"))).toMatch(/cannot be loaded: no licence$/);
  const other = module("export const other = 1;");
  expect(await refusal(other)).toBe(`The codec module ${other} exports no "codec" (it exports other).`);
  expect(await refusal(module(""))).toContain('exports no "codec" (it exports nothing).');
  expect(await refusal(other, "serializer")).toContain('exports no "serializer"');
  const half = module("export const codec = { name: 'half', encode() {} };");
  expect(await refusal(half)).toBe(`The export "codec" of ${half} lacks the function decode.`);
  expect(await refusal(module("export const codec = () => {};"))).toContain("is no object");
  expect(await refusal(module("export const codec = { encode() {}, decode() {} };"))).toContain("has no text as name");
  expect(await refusal(module("export const serializer = { name: 'x' };"), "serializer")).toContain(
    "has no text as contentType",
  );
});
