import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Lab, openLab } from "./lab.ts";

let lab: Lab;
beforeEach(async () => {
  lab = await openLab();
});
afterEach(() => lab.close());

test("opening a database that is up to date loads no package", () => {
  const plugin = pathToFileURL(
    join(import.meta.dirname, "../../coordinator/plugins/store-sqlite/sqlite-store.ts"),
  ).href;
  const script = `
    import { createRequire } from "node:module";
    const { sqliteStore } = await import(${JSON.stringify(plugin)});
    const store = await sqliteStore.open(${JSON.stringify(lab.url)}, { readConnections: 1, failpoint() {} });
    await store.close();
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded.filter((path) => path.includes("node_modules"))));`;
  const output = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(JSON.parse(output)).toEqual([]);
});
