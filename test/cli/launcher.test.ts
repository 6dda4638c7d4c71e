import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "@jest/globals";
import { isRunning } from "../support/is-running.ts";
import { CURRENT_NODE, OLD_NODES } from "../support/nodes.ts";
import { ROOT, runTss, startProgram, temporaryFolder } from "../support/run-tss.ts";
import { until } from "../support/until.ts";

const checkout = temporaryFolder();
const tss = path.join(checkout, "bin", "tss.cjs");

const PROGRAM = `
let interrupts = 0;
export async function main(argv: string[]): Promise<void> {
  if (argv[0] === "exit") { process.exitCode = Number(argv[1]); return; }
  if (argv[0] === "tell") (await import("node:fs")).writeSync(Number(process.env.TSS_PROGRESS_FD), "told\\n");
  if (argv[0] === "tell") return;
  if (argv[0] === "die") process.kill(process.pid, argv[1]);
  if (argv[0] === "throw") throw new Error("The lid is stuck.");
  process.on("SIGINT", () => { interrupts += 1; console.log("interrupted"); });
  process.on("SIGTERM", () => { console.log("interrupts: " + interrupts); process.exit(7); });
  console.log("ready, pid " + process.pid + ", parent " + process.ppid);
  setInterval(() => {}, 60_000);
}
`;

beforeAll(() => {
  cpSync(path.join(ROOT, "bin"), path.join(checkout, "bin"), { recursive: true });
  mkdirSync(path.join(checkout, "cli"));
  writeFileSync(path.join(checkout, "cli", "main.ts"), PROGRAM);
  writeFileSync(path.join(checkout, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"));
});

for (const { file, version } of [CURRENT_NODE, ...OLD_NODES]) {
  test(`under Node.js ${version} the exit code is the program's`, async () => {
    expect((await startProgram(file, [tss, "exit", "23"]).finished).code).toBe(23);
  });

  test(`under Node.js ${version} a death by signal is the program's`, async () => {
    expect((await startProgram(file, [tss, "die", "SIGTERM"]).finished).signal).toBe("SIGTERM");
    expect((await startProgram(file, [tss, "die", "SIGKILL"]).finished).signal).toBe("SIGKILL");
  });

  test(`under Node.js ${version} signals reach the program once`, async () => {
    const started = startProgram(file, [tss]);
    await started.says("ready");
    started.child.kill("SIGINT");
    await started.says("interrupted");
    started.child.kill("SIGTERM");
    const { code, stdout } = await started.finished;
    expect(stdout).toContain("interrupts: 1\n");
    expect(code).toBe(7);
  });

  if (existsSync("/usr/bin/script"))
    test(`under Node.js ${version} Ctrl-C on a terminal reaches the program once`, async () => {
      const started = startProgram("/usr/bin/script", ["-qec", `${file} ${tss}`, "/dev/null"]);
      await started.says("ready");
      started.child.stdin?.write("\u0003");
      await started.says("interrupted");
      const [, own, parent] = /pid (\d+), parent (\d+)/.exec(started.stdout()) ?? [];
      // A launcher forwards in the order it was told: a second SIGINT would be there before this signal.
      process.kill(Number(version === CURRENT_NODE.version ? own : parent), "SIGTERM");
      const { stdout } = await started.finished;
      expect(stdout).toContain("interrupts: 1");
    });

  test(`under Node.js ${version} a failure to start is one sentence`, async () => {
    const { code, stderr } = await startProgram(file, [tss, "throw"]).finished;
    expect(stderr).toBe("Error: tss: The lid is stuck.\n");
    expect(code).toBe(1);
  });

  test(`under Node.js ${version} an argument that is no UTF-8 is refused rather than changed`, async () => {
    const run = (argument: string) =>
      startProgram("/bin/sh", ["-c", `exec ${file} ${tss} exit 0 "$(printf '${argument}')"`]).finished;
    const broken = await run("a\\377b");
    expect(broken).toMatchObject({ code: 1, stdout: "" });
    expect(broken.stderr).toBe("Error: tss: argument 3 is not valid UTF-8; what TSS is told to run is kept as text.\n");
    expect(await run("a\\357\\277\\275b")).toMatchObject({ code: 0, stderr: "" });
  });

  test(`under Node.js ${version} the pipe of a task to its agent stays where it was`, async () => {
    for (const descriptor of [3, 7]) {
      const line = `{ TSS_PROGRESS_FD=${descriptor} ${file} ${tss} tell ${descriptor}>&1 >&2; } | cat`;
      expect(await startProgram("/bin/sh", ["-c", line]).finished).toMatchObject({ stdout: "told\n", stderr: "" });
    }
  });

  test(`under Node.js ${version} the version is shown without a warning`, async () => {
    const { code, stdout, stderr } = await runTss(["--version"], { node: file });
    expect(stdout).toMatch(/^tss\/5\.\S+ \S+ node-v\d+/);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
}

for (const { file, version } of OLD_NODES) {
  test(`under Node.js ${version} a launcher that is killed takes the program with it`, async () => {
    const started = startProgram(file, [tss]);
    await started.says("ready");
    const [, own, parent] = /pid (\d+), parent (\d+)/.exec(started.stdout()) ?? [];
    expect(Number(parent)).toBe(started.child.pid);
    started.child.kill("SIGKILL");
    await until("the program is gone", () => !isRunning(Number(own)));
  });

  test(`Node.js ${version} without a newer one beside TSS is refused in one sentence`, async () => {
    rmSync(path.join(checkout, "node_modules"));
    const { code, stderr } = await startProgram(file, [tss]).finished;
    symlinkSync(path.join(ROOT, "node_modules"), path.join(checkout, "node_modules"));
    expect(stderr).toMatch(/^Error: tss: Node\.js 22\.18 or newer is needed; this is v\d+[^\n]*TSS_NODE\)\.\n$/);
    expect(code).toBe(1);
  });

  test(`Node.js ${version} starts the Node.js that TSS_NODE names`, async () => {
    const named = await startProgram(file, [tss, "exit", "5"], { env: { TSS_NODE: CURRENT_NODE.file } }).finished;
    expect(named.code).toBe(5);
    const missing = await startProgram(file, [tss], { env: { TSS_NODE: "/nowhere/node" } }).finished;
    expect(missing.stderr).toBe("Error: tss: the Node.js at /nowhere/node cannot be started (ENOENT)\n");
  });
}
