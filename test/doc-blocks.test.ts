import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { PROGRAMS, wrongWith } from "./support/check-command.ts";
import { blocksOf, PAGES } from "./support/doc-blocks.ts";
import { dryRun } from "./support/dry-shell.ts";
import { ROOT, temporaryFolder } from "./support/run-tss.ts";

/** docs/cli.md is written from the commands, and has a test of its own. */
const blocks = PAGES.filter((page) => page !== "docs/cli.md").flatMap((page) =>
  blocksOf(join(ROOT, page)).map((block) => ({ page, ...block, where: `${page}:${block.line}` })),
);
const of = (language: string) => blocks.filter((block) => block.language === language);

/** Where a test runs what a page shows in a language. */
const RUN_BY: Readonly<Record<string, string>> = {
  "sdk/python/README.md python": "sdk/python/tests/test_programs.py",
  "sdk/go/README.md go": "test/sdk/go.test.ts",
  "docs/guides/web-developer.md ts": "test/deploy/web-guide.test.ts",
  "docs/guides/web-developer.md python": "test/deploy/web-guide.test.ts",
  "docs/operating.md ini": "a drop-in of systemd: what it names is checked with the units, test/deploy/systemd.test.ts",
  "docs/locks.md sql": "a pattern for tables of one's own",
  "README.md ": "a picture",
};

/** Blocks that another test runs from the first to the last. */
const isRun = ({ page, label }: { readonly page: string; readonly label: string }) =>
  page.startsWith("docs/guides/") && label === "";

test("every block is of a language that is looked at", () => {
  const unseen = blocks.filter(({ page, language }) => RUN_BY[`${page} ${language}`] === undefined);
  for (const { language, where } of unseen)
    expect([where, language]).toEqual([where, expect.stringMatching(/^(sh|json|js|ts)$/)]);
});

test.each(
  of("sh")
    .filter((block) => !isRun(block))
    .map((block) => [block.where, block] as const),
)("%s: the commands are there, with these flags", async (_, { text }) => {
  const commands = dryRun(text, PROGRAMS, join(temporaryFolder(), "shell"));
  expect(commands.length).toBeGreaterThan(0);
  for (const command of commands) expect([command.words, await wrongWith(command)]).toEqual([command.words, undefined]);
});

test("commands named within sentences are there, with these flags", async () => {
  const named = PAGES.filter((page) => page !== "CHANGELOG.md").flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/`((?:npx )?tss (?!\/)[^`…|[]+)`/g)].map(
      (match) => match[1] as string,
    ),
  );
  const commands = dryRun([...new Set(named)].join("\n"), PROGRAMS, join(temporaryFolder(), "shell"));
  expect(commands.length).toBeGreaterThan(20);
  for (const command of commands) {
    const wrong = await wrongWith(command);
    // A sentence may name a command without all that it needs.
    if (wrong === undefined || !wrong.includes("is missing"))
      expect([command.words, wrong]).toEqual([command.words, undefined]);
  }
});

test("JSON is JSON", () => {
  for (const { text } of of("json")) JSON.parse(text);
});

test("TypeScript and JavaScript compile against the package", () => {
  const folder = temporaryFolder();
  const code = [...of("ts").filter(({ label }) => label === ""), ...of("js")];
  expect(code.length).toBeGreaterThan(2);
  for (const [at, { language, text }] of code.entries())
    writeFileSync(join(folder, `block-${at}.${language === "ts" ? "mts" : "mjs"}`), text);
  const compilerOptions = {
    paths: { tss: [join(ROOT, "sdk/typescript/index.ts")] },
    typeRoots: [join(ROOT, "node_modules/@types")],
    allowJs: true,
    rootDir: "/",
  };
  const config = join(folder, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({ extends: join(ROOT, "tsconfig.json"), compilerOptions, include: ["*.mts", "*.mjs"] }),
  );
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", config], { encoding: "utf8" });
  expect([status, stdout]).toEqual([0, ""]);
});
