import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { runTss, temporaryFolder } from "../support/run-tss.ts";
import { startHouse } from "../support/scripted-house.ts";

test("a coordinator that is away is named, with what to do, and ends with 7", async () => {
  const { code, stdout, stderr } = await runTss(["task", "list", "--coordinator", "127.0.0.1:1"]);
  expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
  expect(stderr).toMatch(/^Error: No coordinator answers at 127\.0\.0\.1:1[^\n]*\nStart one with "tss dev"[^\n]*\n$/);
  const json = await runTss(["task", "list", "--json"], { env: { TSS_COORDINATOR: "127.0.0.1:1" } });
  expect(JSON.parse(json.stdout).error).toMatchObject({
    code: "UNAVAILABLE",
    hint: expect.stringContaining("tss dev"),
  });
  expect(json).toMatchObject({ code: 7, stderr: "" });
});

test("settings that cannot be used are told all at once and end with 2", async () => {
  const { code, stderr } = await runTss(["task", "list"], { env: { TSS_COORDINATER: "x:1", TSS_LOG_LEVEL: "loud" } });
  expect(code).toBe(2);
  expect(stderr).toContain("TSS_COORDINATER is not a setting of TSS");
  expect(stderr).toContain("TSS_LOG_LEVEL must be one of error, warn, info, debug");
  expect(stderr).not.toContain("    at ");
});

test("an address that is none is refused, and a coordinator that is away is not waited for", async () => {
  const { code, stderr } = await runTss(["task", "list", "--coordinator", "nowhere"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'Error: --coordinator: "nowhere" must be host:port, e.g. 127.0.0.1:7400\n',
  });
  for (const words of ["task wait x", "task logs -f x", "task why x", "run -- true"])
    expect((await runTss(words.split(" "), { env: { TSS_COORDINATOR: "127.0.0.1:1" } })).code).toBe(7);
});

test("the stack is shown only to those who ask", async () => {
  const args = ["task", "list", "--coordinator", "127.0.0.1:1"];
  expect((await runTss(args)).stderr).not.toContain("    at ");
  expect((await runTss(args, { env: { TSS_LOG_LEVEL: "debug" } })).stderr).toContain("    at ");
});

test("words that are no command are met with the nearest one", async () => {
  for (const [words, suggestion] of [
    ["task lsit", "tss task list"],
    ["tsk creat", "tss task create"],
    ["abort", "tss task abort"],
    ["statsu", "tss status"],
    ["queues puase", "tss queue pause"],
  ] as const) {
    const { code, stderr } = await runTss(words.split(" "));
    expect({ words, code, near: stderr.includes(`Did you mean "${suggestion}"?`) }).toEqual({
      words,
      code: 2,
      near: true,
    });
  }
  expect((await runTss(["task", "list", "--limt", "3"])).stderr).toContain("did you mean --limit?");
});

test("help is there for everything, a topic and a command, with examples", async () => {
  expect((await runTss(["--help"])).stdout).toContain("create, follow and end tasks");
  expect((await runTss([])).stdout).toContain("USAGE");
  expect((await runTss(["task"])).stdout).toContain("task abort");
  const help = await runTss(["help", "task", "create"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toMatch(/EXAMPLES\n +\$ tss task create --name report/);
  expect((await runTss(["tasks", "create", "-h"])).stdout).toBe(help.stdout);
  expect((await runTss(["run", "--", "--help"], { env: { TSS_COORDINATOR: "127.0.0.1:1" } })).code).toBe(7);
});

test("development settings of another program change nothing", async () => {
  const { stderr } = await runTss(["task", "create", "--bad"], { env: { NODE_ENV: "development" } });
  expect(stderr).toBe("Error: There is no flag --bad here.\n");
});

test("the key of `tss dev` is taken from its folder for a coordinator of this machine", async () => {
  const house = await startHouse();
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, ".tss"));
  const file = path.join(folder, ".tss", "credentials");
  writeFileSync(file, `${house.edge.key}\n`, { mode: 0o600 });
  const list = () => runTss(["task", "list", "--coordinator", house.address], { cwd: folder });
  expect((await list()).code).toBe(0);
  chmodSync(file, 0o644);
  const open = await list();
  expect([open.code, open.stderr]).toEqual([1, expect.stringContaining("Others may read the key in")]);
  await house.close();
});

test("what is missing or too much on a command line is told in words", async () => {
  const said = async (...args: string[]) => (await runTss(args)).stderr;
  expect(await said("task", "create", "--command", "python3", "script.py")).toBe(
    'Error: "script.py" is one word too many here; a text with spaces needs quotes.\n',
  );
  expect(await said("key", "create", "ci")).toBe("Error: --role is missing; --help says what it takes.\n");
});
