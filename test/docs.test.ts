import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { PAGES } from "./support/doc-blocks.ts";
import { ROOT } from "./support/run-tss.ts";

test.each(PAGES)("links of %s lead somewhere", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8").replace(/```[\s\S]*?```/g, "");
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)/g)].map((match) => match[1] as string);
  for (const link of links) expect([link, existsSync(join(ROOT, dirname(page), link))]).toEqual([link, true]);
});
