import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { emptyDatabase, serverUrl, withDatabase } from "../support/test-databases.ts";

/** `tss db`, `tss doctor` and `tss-coordinator` on databases that are well and on those that are not. */
const db = (word: string, url: string, ...flags: string[]) =>
  runTss(["db", word, ...flags], { env: { TSS_DATABASE_URL: url } });
const coordinator = (url: string) =>
  startProgram(process.execPath, [join(ROOT, "bin/tss-coordinator.cjs")], {
    env: { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" },
  }).finished;

const STORES = [
  ["SQLite", async () => `sqlite:${join(temporaryFolder(), "new/tss.db")}`, freshSqlite],
  ["Postgres", emptyDatabase, freshDatabase],
] as const;

describe.each(STORES)("%s", (_name, empty, fresh) => {
  test("without a schema everything says to run tss db init; two at once make it, and again is no harm", async () => {
    const url = await empty();
    const refused = await coordinator(url);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^tss-coordinator: [^\n]+ run ["`]tss db init["`]\.\n$/);
    const before = await db("status", url);
    expect(before).toMatchObject({ code: 1, stdout: expect.stringMatching(/ no schema, newest is \d+ {2}✗\n$/) });
    expect(before.stderr).toMatch(/^[^\n]+ run ["`]tss db init["`]\.\n$/);

    for (const made of await Promise.all([db("init", url), db("migrate", url)])) {
      expect(made).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/ has schema \d+\.\n$/) });
      expect(made.stdout).not.toContain(":tss-test@");
    }
    const again = await db("init", url, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ reachable: true, problem: "", pending: [] });
    expect(await db("status", url)).toMatchObject({ code: 0, stderr: "" });
  });

  test("a newer schema is refused by every program, and left as it is", async () => {
    const url = await fresh();
    await setVersion(url, 99);
    const refused = await coordinator(url);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^tss-coordinator: [^\n]+99[^\n]+newer TSS[^\n]*\n$/);
    for (const word of ["init", "migrate"]) {
      const { code, stdout, stderr } = await db(word, url);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^Error: [^\n]+99[^\n]+newer TSS[^\n]*\n$/);
    }
    const json = await db("migrate", url, "--json");
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: "FAILED_PRECONDITION", reason: "SCHEMA" });
    expect(JSON.parse((await db("status", url, "--json")).stdout)).toMatchObject({ version: 99, reachable: true });
    const doctor = await runTss(["doctor", "--coordinator", "127.0.0.1:1"], { env: { TSS_DATABASE_URL: url } });
    expect(doctor.stdout).toMatch(/^✗ database [^\n]+99[^\n]+\n +→ Install the TSS that made it/m);
  });
});

async function setVersion(url: string, version: number): Promise<void> {
  if (url.startsWith("sqlite:")) {
    const database = new DatabaseSync(url.slice("sqlite:".length));
    database.prepare("UPDATE meta SET value = ? WHERE key = 'schema_version'").run(version);
    return database.close();
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("UPDATE tss_meta SET schema_version = $1", [version]);
  await client.end();
}

const changed = (change: (url: URL) => void) => {
  const url = new URL(serverUrl());
  change(url);
  return url.href;
};

describe("a database that cannot be reached", () => {
  test.each([
    ["a wrong password", () => changed((url) => (url.password = "wrong")), /refuses the password of user/],
    [
      "a database that is not there",
      () => withDatabase(serverUrl(), "nobody_made_this"),
      /There is no database "nobody/,
    ],
    ["a server that is away", () => changed((url) => (url.port = "1")), /Nothing listens on [^\n]+: start Postgres/],
  ])("%s", async (_what, urlOf, sentence) => {
    const url = urlOf();
    const refused = await coordinator(url);
    expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(sentence) });
    expect(refused.stderr.split("\n")).toHaveLength(2);
    const init = await db("init", url);
    expect(init).toMatchObject({ code: 7, stdout: "", stderr: expect.stringMatching(sentence) });
    // No word of coordinators: another one would not help.
    expect(init.stderr).toMatch(/^Error: [^\n]+\n$/);
    const status = await db("status", url);
    expect(status).toMatchObject({ code: 7, stderr: expect.stringMatching(sentence) });
    expect(status.stdout).toMatch(/ {2}cannot be used {2}✗\n$/);
    const doctor = await runTss(["doctor", "--coordinator", "127.0.0.1:1"], { env: { TSS_DATABASE_URL: url } });
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^✗ database [^\n]+\n +→ Start the database, or correct TSS_DATABASE_URL\.$/m);
    for (const { stdout, stderr } of [refused, init, status, doctor]) expect(stdout + stderr).not.toContain(":wrong@");
  });
});

describe("doctor at a coordinator that is well", () => {
  let running: Awaited<ReturnType<typeof startCoordinatorProcess>>;
  beforeAll(async () => {
    running = await startCoordinatorProcess({
      TSS_DATABASE_URL: await freshSqlite(),
      TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
    });
  });
  afterAll(() => running.stop("SIGTERM"));

  test("names a key that is wrong and a worker that is missing, each with its mend", async () => {
    const { address, key = "" } = running;
    const wrong = await runTss(["doctor"], {
      env: { TSS_COORDINATOR: address, TSS_API_KEY: `${key.slice(0, -3)}xyz` },
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toMatch(/^✗ key [^\n]+\n +→ Put a valid key into TSS_API_KEY\.$/m);
    const idle = await runTss(["doctor"], { env: { TSS_COORDINATOR: address, TSS_API_KEY: key } });
    expect(idle.code).toBe(0);
    expect(idle.stdout).toMatch(/^! workers +No worker takes work\.\n +→ Start "tss-agent"/m);
  });
});

test("a coordinator whose port was taken has not spent the first key", async () => {
  const url = await freshSqlite();
  const other = await startCoordinatorProcess({
    TSS_DATABASE_URL: await freshSqlite(),
    TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
  });
  try {
    const refused = await startProgram(process.execPath, [join(ROOT, "bin/tss-coordinator.cjs")], {
      env: { TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: other.address },
    }).finished;
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(`(pid ${other.process.pid}); stop that, or set TSS_COORDINATOR_LISTEN`);
    const next = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
    await next.stop("SIGTERM");
    expect(next.key).toMatch(/^tss_/);
  } finally {
    await other.stop("SIGTERM");
  }
});
