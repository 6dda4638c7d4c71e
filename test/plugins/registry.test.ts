import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { loadStorePlugin, openBlobs } from "../../coordinator/plugins/registry.ts";
import { postgresStore } from "../../coordinator/plugins/store-postgres/postgres-store.ts";
import { sqliteStore } from "../../coordinator/plugins/store-sqlite/sqlite-store.ts";

const root = mkdtempSync(join(tmpdir(), "tss-registry-"));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function module(source: string): string {
  const path = join(root, `plugin-${++count}.mjs`);
  writeFileSync(path, source);
  return path;
}

const STORE = "{ status() {}, migrate() {}, open: async (url) => url }";
const CHUNK = { ref: { shard: 0, lane: 1, seq: 1 }, attempt: 1, offset: 0, stream: 1, at: 1, elided: 0 };

test("addresses name the plugins that come with TSS", async () => {
  expect(await loadStorePlugin("sqlite:./x.db")).toBe(sqliteStore);
  expect(await loadStorePlugin("postgres://a@b/c")).toBe(postgresStore);
  expect(await loadStorePlugin("postgresql://a@b/c")).toBe(postgresStore);
  await expect(loadStorePlugin("mysql://a@b/c")).rejects.toThrow("postgres://, sqlite: or module:");
});

test("a module of a third party is loaded by its path, by name or default, and given the whole address", async () => {
  for (const source of [`export const store = ${STORE};`, `export default ${STORE};`]) {
    const url = `module:${module(source)}?host=elsewhere`;
    const plugin = await loadStorePlugin(url);
    expect(await plugin.open(url, { readConnections: 1, failpoint: () => {} })).toBe(url);
  }
});

test("a module that is not there, fails, or exports something else is named with what is wrong", async () => {
  const load = (path: string) => loadStorePlugin(`module:${path}`);
  const absent = join(root, "absent.mjs");
  await expect(load(absent)).rejects.toThrow(`The plugin ${absent} (TSS_DATABASE_URL) cannot be loaded`);
  await expect(load(module("throw new Error('no licence\\nline two');"))).rejects.toThrow(
    /cannot be loaded: no licence$/,
  );
  await expect(load(module("export const other = 1;"))).rejects.toThrow('exports neither "store" nor a default');
  await expect(load(module("export default { open() {} };"))).rejects.toThrow("lacks status, migrate");
  await expect(openBlobs(module("export default 7;"), "sqlite:x")).rejects.toThrow("exports no function");
});

test("output goes beside a SQLite database, into a directory, or where a module says", async () => {
  const data = Buffer.from("text");
  const beside = await openBlobs("database", `sqlite:${join(root, "tss.db")}`);
  await beside.append([{ ...CHUNK, data }]);
  await beside.close();
  expect(statSync(join(root, "tss.db-logs")).size).toBeGreaterThan(0);

  const directory = await openBlobs(`directory:${join(root, "output")}`, "postgres://nobody@127.0.0.1:1/x");
  await directory.append([{ ...CHUNK, data }]);
  expect(Buffer.from((await directory.read(CHUNK.ref, 1, 0, 10))[0]!.data)).toEqual(data);
  await directory.close();

  expect(await openBlobs(module("export const blobs = async (url) => ({ url });"), "sqlite:x")).toEqual({
    url: "sqlite:x",
  });
});

test("where output cannot be kept is named", async () => {
  const file = join(root, "a-file");
  writeFileSync(file, "");
  await expect(openBlobs(`directory:${file}`, "sqlite:x")).rejects.toThrow(file);
  await expect(openBlobs("database", `sqlite:${join(file, "tss.db")}`)).rejects.toThrow("TSS_BLOBS");
  await expect(openBlobs("directory:", "sqlite:x")).rejects.toThrow("directory:PATH");
  await expect(openBlobs("database", "module:./x.mjs")).rejects.toThrow("set TSS_BLOBS");
});

test("who uses SQLite loads no driver of another database", () => {
  const registry = pathToFileURL(join(import.meta.dirname, "../../coordinator/plugins/registry.ts")).href;
  const script = `
    import { createRequire } from "node:module";
    const { loadStorePlugin, openBlobs } = await import(${JSON.stringify(registry)});
    await loadStorePlugin("sqlite:x");
    await (await openBlobs("database", ${JSON.stringify(`sqlite:${join(root, "start.db")}`)})).close();
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded.filter((path) => /node_modules.(pg|typeorm|ioredis)/.test(path))));`;
  const output = execFileSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(JSON.parse(output)).toEqual([]);
});
