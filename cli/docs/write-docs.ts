/** `node cli/docs/write-docs.ts` writes docs/cli.md from the commands; a test holds it current. */
import { readFileSync, writeFileSync } from "node:fs";
import { commandShapes } from "../command-shapes.ts";
import { renderDocs } from "./render-docs.ts";

const intro = readFileSync(new URL("intro.md", import.meta.url), "utf8");
writeFileSync(new URL("../../docs/cli.md", import.meta.url), renderDocs(intro, await commandShapes()));
