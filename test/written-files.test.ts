import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { WRITTEN } from "../runtime/print-settings.ts";
import { readSettings } from "../runtime/settings.ts";

const root = join(import.meta.dirname, "..");

test.each(Object.entries(WRITTEN))(
  "%s is what the tables in code say (node runtime/print-settings.ts)",
  (file, text) => {
    expect(readFileSync(join(root, file), "utf8")).toBe(text());
  },
);

test("every line of .env.example can be used as it stands", () => {
  const lines = readFileSync(join(root, ".env.example"), "utf8").matchAll(/^#(TSS_\w+)=(.*)$/gm);
  const environment = Object.fromEntries([...lines].map(([, name, value]) => [name as string, value as string]));
  expect(Object.keys(environment).length).toBeGreaterThan(30);
  expect(readSettings(environment, "/no/such/file")).toEqual(readSettings({}, "/no/such/file"));
});
