import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CODE_CACHE } from "./support/code-cache.ts";
import { prepareTemplate } from "./support/database.ts";
import { guard } from "./support/guard.ts";
import { type JestResult, reportLines } from "./support/jest-report.ts";
import { untilEnded } from "./support/overdue.ts";
import { testServices } from "./support/services.ts";
import { dropDatabases } from "./support/test-databases.ts";

/**
 * A leak of a test file fails that file (support/leak-environment.ts). One that only jest itself sees would hold up this
 * command for ever: it ends then, as a failure that says so.
 */
const OVERDUE_MS = 20_000;
const OVERDUE = `FAIL jest was still running ${OVERDUE_MS / 1_000} s after its last test: a handle is left open (try --detectOpenHandles)`;

/**
 * The test command: `node test/run.ts [--long] [jest arguments]`. Finds or starts Postgres and Redis, runs jest against
 * them, prints the time of every file and, last, `N passed, N failed`; its exit code is jest's. Files named
 * `*.long.test.ts` run only with --long, which also sets TEST_LONG=1 for tests that then try more.
 */
async function run(): Promise<number> {
  const root = join(import.meta.dirname, "..");
  const long = process.argv.includes("--long");
  const folder = mkdtempSync(join(tmpdir(), "tss-tests-"));
  const output = join(folder, "result.json");
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const services = await testServices();
  process.stderr.write(`${services.summary}\n`);
  let jestPid = 0;
  let release = async () => rmSync(folder, { recursive: true, force: true });
  try {
    if (stopping.signal.aborted) return 130;
    await prepareTemplate(services.databaseUrl);
    const ignored = ["/node_modules/", "/dist/", ...(long ? [] : ["\\.long\\.test\\.ts$"])];
    const args = [
      join(root, "node_modules/jest/bin/jest.js"),
      ...process.argv.slice(2).filter((argument) => argument !== "--long"),
      "--json",
      `--outputFile=${output}`,
      "--testPathIgnorePatterns",
      ...ignored,
    ];
    const jest = spawn(process.execPath, args, {
      cwd: root,
      // jest repeats the result file on its standard output.
      stdio: ["inherit", "ignore", "inherit"],
      env: {
        ...process.env,
        ...CODE_CACHE,
        NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --experimental-vm-modules --no-warnings`.trim(),
        TSS_TEST_DATABASE_URL: services.databaseUrl,
        TSS_TEST_REDIS_URL: services.redisUrl,
        ...(long ? { TEST_LONG: "1" } : {}),
      },
    });
    jestPid = jest.pid ?? 0;
    release = guard(jest, "TERM", folder);
    stopping.signal.addEventListener("abort", () => jest.kill("SIGTERM"));
    const { code, overdue } = await untilEnded(jest, output, OVERDUE_MS);
    if (overdue) console.error(OVERDUE);
    if (existsSync(output)) {
      const result = JSON.parse(readFileSync(output, "utf8")) as JestResult;
      console.log(reportLines(result, root).join("\n"));
    }
    if (stopping.signal.aborted) return 130;
    return overdue ? 1 : (code ?? 1);
  } finally {
    if (process.env["TSS_TEST_DATABASE_URL"]) await dropDatabases(services.databaseUrl, [jestPid, process.pid]);
    await services.stop();
    await release();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
