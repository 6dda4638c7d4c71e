import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { freshSqlite } from "../support/sqlite-database.ts";
import { testWhere } from "../support/where-possible.ts";

/** Paths that can be none. Each is tried by a program of its own: one that hangs must not take the tests along. */

const onLinux = testWhere(process.platform === "linux", "paths that are impossible in /proc are a matter of Linux");
const folder = temporaryFolder();
const file = join(folder, "file");
const pipe = join(folder, "pipe");
const loop = join(folder, "loop");
writeFileSync(file, "");
execFileSync("mkfifo", [pipe]);
symlinkSync(loop, loop);

const init = (path: string, cwd = folder) =>
  runTss(["db", "init"], { env: { TSS_DATABASE_URL: `sqlite:${path}` }, cwd });

describe("a SQLite database", () => {
  test.each([
    ["that is a directory", folder, `The path ${folder} is a directory: set TSS_DATABASE_URL to a file in it, e.g.`],
    ["under a file", join(file, "x.db"), `${file} is a file, no directory: set TSS_DATABASE_URL to another path.`],
    ["deep under a file", join(file, "a/b/x.db"), `${file} is a file, no directory: set TSS_DATABASE_URL`],
    ["that is a pipe", pipe, `The path ${pipe} is no ordinary file: set TSS_DATABASE_URL to another path.`],
    ["under a link to itself", join(loop, "x.db"), `The path ${join(loop, "x.db")} cannot be used (ELOOP`],
    ["with a name too long", join(folder, "x".repeat(300)), "cannot be used (ENAMETOOLONG"],
  ])("%s is refused in one sentence", async (_what, path, sentence) => {
    const { code, stdout, stderr } = await init(path);
    expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
  });

  onLinux.each([
    ["whose directory cannot be made", "/proc/x/y.db", "The directory /proc/x cannot be made (ENOENT"],
    ["that cannot be made", "/proc/y.db", "The file /proc/y.db cannot be made (ENOENT"],
    ["that is a device", "/dev/null", "The path /dev/null is no ordinary file"],
  ])("%s is refused in one sentence", async (_what, path, sentence) => {
    const { code, stdout, stderr } = await init(path);
    expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(sentence);
  });

  test("in a folder that is missing is made with it, from wherever the relative path begins", async () => {
    expect(await init("a/b/tss.db")).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(join(folder, "a/b/tss.db")).mode & 0o777).toBe(0o600);
  });

  test("that is impossible is refused by status, doctor and dev as well", async () => {
    const env = { TSS_DATABASE_URL: `sqlite:${pipe}` };
    const sentence = `The path ${pipe} is no ordinary file`;
    expect((await runTss(["db", "status"], { env })).stderr).toContain(sentence);
    expect((await runTss(["doctor", "--coordinator", "127.0.0.1:1"], { env })).stdout).toContain(sentence);
    const dev = await runTss(["dev"], {
      env: { ...env, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" },
      cwd: temporaryFolder(),
    });
    expect(dev.code).not.toBe(0);
    expect(dev.stderr).toContain(sentence);
  });
});

onLinux("directories of output and of an agent that cannot be made are refused in one sentence", async () => {
  const coordinator = await startProgram(process.execPath, [join(ROOT, "bin/tss-coordinator.cjs")], {
    env: {
      TSS_DATABASE_URL: await freshSqlite(),
      TSS_COORDINATOR_LISTEN: "127.0.0.1:0",
      TSS_BLOBS: "directory:/proc/x/logs",
    },
  }).finished;
  expect(coordinator).toMatchObject({ code: 1, stdout: "" });
  expect(coordinator.stderr).toMatch(/^tss-coordinator: Output [^\n]+TSS_BLOBS[^\n]+\/proc\/x cannot be made[^\n]+\n$/);
  const agent = await startProgram(process.execPath, [join(ROOT, "bin/tss-agent.cjs")], {
    env: { TSS_COORDINATOR: "127.0.0.1:1", TSS_API_KEY: "x", TSS_WORKER_DIR: "/proc/x/agent" },
  }).finished;
  expect(agent).toMatchObject({ code: 1, stdout: "" });
  expect(agent.stderr).toMatch(/^tss-agent: [^\n]+\/proc\/x cannot be made[^\n]+TSS_WORKER_DIR[^\n]*\n$/);
});

test("a refused path leaves nothing behind", () => {
  mkdirSync(join(folder, "a"), { recursive: true });
  expect(readdirSync(folder).sort()).toEqual(["a", "file", "loop", "pipe"]);
});
