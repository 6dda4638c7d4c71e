import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { Child } from "./child.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Jest, in our environment, on a test file with this body. */
async function jestOn(body: string, args: readonly string[] = [], environment = {}): Promise<Child> {
  const folder = mkdtempSync(join(tmpdir(), "tss-leaks-"));
  folders.push(folder);
  writeFileSync(join(folder, "some.test.js"), `test("it passes", async () => {\n${body}\n});\n`);
  const config = { testEnvironment: join(import.meta.dirname, "leak-environment.ts"), transform: {} };
  const jest = new Child(
    "node_modules/jest/bin/jest.js",
    ["--rootDir", folder, "--config", JSON.stringify(config), ...args],
    environment,
  );
  // What was leaked in it holds it up: the verdict is what is waited for.
  while (!/Tests: .*\n/.test(jest.stderr)) await new Promise((resolve) => jest.process.stderr.once("data", resolve));
  jest.kill("SIGKILL");
  await jest.exited;
  return jest;
}

test("a test file that leaves a timer, a server or a process behind fails, and the failure names it", async () => {
  const { stderr } = await jestOn(`
    setInterval(() => {}, 60_000);
    await new Promise((resolve) => require("net").createServer().listen(0, "127.0.0.1", resolve));
    require("child_process").spawn("sleep", ["300"], { stdio: "ignore" });`);
  expect(stderr).toContain("leaves behind what keeps the process alive");
  expect(stderr).toMatch(/a timer, made at .*some\.test\.js:3:5/);
  expect(stderr).toMatch(/server on \{"address":"127\.0\.0\.1"/);
  const pid = Number(/process (\d+): sleep 300/.exec(stderr)?.[1]);
  expect(pid).toBeGreaterThan(0);
  process.kill(pid);
  expect(stderr).toMatch(/Test Suites: 1 failed/);
});

test("what ends soon after the last test is no leak, nor is what does not hold the process", async () => {
  const { stderr } = await jestOn(`
    setTimeout(() => {}, 100);
    setInterval(() => {}, 60_000).unref();`);
  expect(stderr).toMatch(/Test Suites: 1 passed/);
});

test("the output of a worker process of jest is no leak of the first file in it", async () => {
  const inWorker = ["--maxWorkers=2", "--workerIdleMemoryLimit=1GB", "--json"];
  const { stderr } = await jestOn("process.stdout.write('x'); process.stderr.write('y');", inWorker, { CI: "true" });
  expect(stderr).toMatch(/Test Suites: 1 passed/);
});
