import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { commandShapes } from "../../cli/command-shapes.ts";
import { COMMANDS } from "../../cli/command-table.ts";
import { renderDocs } from "../../cli/docs/render-docs.ts";
import { loadCommands, loadedCommands } from "../../cli/loaded-commands.ts";
import { resolveCommand } from "../../cli/resolve-command.ts";
import { ROOT } from "../support/run-tss.ts";

const read = (file: string) => readFileSync(path.join(ROOT, file), "utf8");

test("docs/cli.md is what the commands say (node cli/docs/write-docs.ts writes it)", async () => {
  expect(read("docs/cli.md")).toBe(renderDocs(read("cli/docs/intro.md"), await commandShapes()));
});

test("every command says what it is for and shows examples of itself", async () => {
  for (const { name, summary, description, examples } of await commandShapes()) {
    expect({ name, summary, description }).toEqual({
      name,
      summary: expect.stringMatching(/^[a-z].*[^.]$/),
      description: expect.stringMatching(/^[A-Z].*\.$/s),
    });
    expect(examples.some((example) => example.includes(`tss ${name}`))).toBe(true);
  }
});

test("every example names a command and flags there are", async () => {
  await loadCommands(Object.keys(COMMANDS));
  for (const { examples } of await commandShapes())
    for (const example of examples)
      for (const [, words = ""] of example.matchAll(/\btss ((?:[a-z]+(?: |$)|--?[a-z-]+[= ]?|[^|&)]*)*)/g)) {
        const request = resolveCommand(words.trim().split(/\s+/));
        expect({ example, kind: request.kind }).toEqual({ example, kind: "command" });
        if (request.kind !== "command") continue;
        const command = loadedCommands[request.id];
        const known = { ...command?.flags, ...command?.baseFlags, json: true };
        const own = words.split(" -- ")[0] ?? "";
        for (const [, flag = ""] of own.matchAll(/ --([a-z-]+)/g))
          expect({ example, known: flag in known }).toEqual({ example, known: true });
      }
});
