/** `node test/faults/write-page.ts` writes docs/faults.md from the faults and the rules; a test holds it current. */
import { readFileSync, writeFileSync } from "node:fs";
import { renderPage } from "./render-page.ts";

const intro = readFileSync(new URL("page-intro.md", import.meta.url), "utf8");
writeFileSync(new URL("../../docs/faults.md", import.meta.url), renderPage(intro));
