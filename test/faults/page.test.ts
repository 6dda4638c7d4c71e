import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "../support/run-tss.ts";
import { FAULTS } from "./catalogue/faults.ts";
import { PLANTED_BUGS } from "./catalogue/planted-bugs.ts";
import { RULES } from "./check/rules.ts";
import { renderPage } from "./render-page.ts";

test("docs/faults.md is written from the faults and the rules (npm run docs)", () => {
  const intro = readFileSync(join(import.meta.dirname, "page-intro.md"), "utf8");
  expect(readFileSync(join(ROOT, "docs/faults.md"), "utf8")).toBe(renderPage(intro));
});

test("names are used once, and what a bug names is there", () => {
  for (const all of [FAULTS, PLANTED_BUGS]) expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { under, rules } of PLANTED_BUGS) {
    expect(FAULTS.map(({ name }) => name)).toContain(under);
    for (const rule of rules) expect(Object.keys(RULES)).toContain(rule);
  }
});
