import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Every page for people, from the root of the project. */
export const PAGES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  "examples/images/README.md",
  "sdk/conformance/README.md",
  "sdk/python/README.md",
  "examples/stdio/README.md",
  "examples/cpp/README.md",
  "sdk/go/README.md",
];

/** A block of code of a page. */
export interface DocBlock {
  /** What stands behind its fence: a language, and behind it what is said of the block. */
  readonly language: string;
  readonly label: string;
  readonly text: string;
  /** Of its first line of code. */
  readonly line: number;
}

/** The blocks of a page in Markdown, in their order. */
export function blocksOf(file: string): DocBlock[] {
  const page = readFileSync(file, "utf8");
  return [...page.matchAll(/^```(\S*) *(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: language = "", 2: label = "", 3: text = "" }) => ({
      language,
      label,
      text,
      line: page.slice(0, index).split("\n").length + 1,
    }),
  );
}
