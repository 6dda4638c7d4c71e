import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT, startProgram, temporaryFolder } from "../support/run-tss.ts";

const RUN = join(ROOT, "examples/cluster/run.ts");

/** Postgres may run as another user there. */
function folderForAll(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

/** Programs whose files are in the folder, which all that the command starts have as theirs. */
function left(folder: string): string {
  const all = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" });
  return all
    .split("\n")
    .filter((line) => line.includes(folder))
    .join("\n");
}

test("npm run cluster: a coordinator and an agent are killed, nothing is lost and nothing runs twice unexplained", async () => {
  const folder = folderForAll();
  const cluster = startProgram(process.execPath, [RUN, "--tasks", "60", "--rate", "10"], { env: { TMPDIR: folder } });
  const { code, stdout, stderr } = await cluster.finished;
  // What it said of itself tells why it ended otherwise.
  expect([stderr, code, code === 0 ? "" : stdout]).toEqual(["", 0, ""]);
  expect(stdout).toMatch(/coordinator 1 is killed \(SIGKILL\) with \d+ accepted/);
  expect(stdout).toMatch(/agent \d is killed \(SIGKILL\) with [1-8] commands/);
  const [, twice, explained, held] =
    /^run twice {2}(\d+) \((\d+) of them held by the killed agent, which held (\d+)\)$/m.exec(stdout) ?? ["none"];
  expect(twice).toBe(explained);
  expect(Number(twice)).toBeLessThanOrEqual(Number(held));
  expect(stdout).toMatch(/^accepted {3}60$/m);
  expect(stdout).toMatch(/^ended {6}60 \(60 succeeded, 0 failed\)$/m);
  expect(stdout).toMatch(/^made twice 0$/m);
  expect(stdout).toMatch(/^lost {7}0$/m);
  for (const what of ["the other owns every shard", "longest time without a start", "owns its share", "at work"])
    expect(stdout).toContain(what);
  expect(left(folder)).toBe("");
}, 400_000);

test("npm run cluster: Ctrl-C ends all that it has started", async () => {
  const folder = folderForAll();
  const cluster = startProgram(process.execPath, [RUN], { env: { TMPDIR: folder } });
  await cluster.says("commands are handed over");
  expect(left(folder)).not.toBe("");
  cluster.child.kill("SIGINT");
  expect(await cluster.finished).toMatchObject({ code: 130, stderr: "" });
  expect(left(folder)).toBe("");
}, 400_000);

test("npm run cluster: a wrong word is told in one sentence", async () => {
  const wrong = await startProgram(process.execPath, [RUN, "--tasks", "1"]).finished;
  expect(wrong).toMatchObject({ code: 2, stderr: "Error: --tasks must be a whole number from 20 to 100000.\n" });
});
