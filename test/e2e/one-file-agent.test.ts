import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { WorkerRegistryService, WorkerState } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { readVersion } from "../../runtime/version.ts";
import { buildAgent, furnishRoot, inRoot, mayMount } from "../support/one-file-agent.ts";
import { startProgram, temporaryFolder } from "../support/run-tss.ts";
import { type SdkSystem, startSdkSystem } from "../support/sdk-system.ts";
import { until } from "../support/until.ts";
import { testWhere } from "../support/where-possible.ts";

let file: string;
let root: string;
let system: SdkSystem;

beforeAll(async () => {
  root = temporaryFolder();
  [file, system] = await Promise.all([buildAgent(temporaryFolder()), startSdkSystem()]);
  furnishRoot(root, file);
});

afterAll(async () => system?.close());

/** Nothing of the machine is named: no PATH, no home, no language. */
const bare = (more: Record<string, string> = {}) => ({
  cwd: temporaryFolder(),
  env: { PATH: "", HOME: "", TERM: "", LANG: "", TSS_WORKER_NAME: "bare", ...more },
});
const here = (more: Record<string, string> = {}) =>
  bare({ TSS_COORDINATOR: system.address, TSS_API_KEY: system.apiKey, ...more });

test("the file is small enough and says what it is", async () => {
  expect(statSync(file).size).toBeLessThan(130e6);
  const said = await startProgram(file, ["--version"], bare()).finished;
  expect(said).toMatchObject({
    code: 0,
    stdout: `tss-agent/${readVersion()} ${process.platform}-${process.arch} node-${process.version}\n`,
    stderr: "",
  });
  expect((await startProgram(file, ["--help"], bare()).finished).stdout).toContain("Usage: tss-agent [--check]\n");
  expect(await startProgram(file, ["--chek"], bare()).finished).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('"--chek" is no option of tss-agent'),
  });
});

test("--check says whether it could work, and what is wrong where it could not", async () => {
  expect(await startProgram(file, ["--check"], here({ PATH: "/usr/bin:/bin" })).finished).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(
      /^ok {4}Output .*\nok {4}The programs .*\nok {4}It runs every .*\nok {4}\S+ knows the key and takes bare as a worker\.\n$/,
    ),
  });
  // It left, and was not lost: nobody is to look for it.
  const registry = system.client().connection.service(WorkerRegistryService);
  await until("it is not listed", async () => {
    const { workers } = await registry.listWorkers({});
    expect(workers.map(({ state }) => state)).not.toContain(WorkerState.DISCONNECTED);
    return workers.length === 0;
  });
  const wrongKey = await startProgram(file, ["--check"], here({ TSS_API_KEY: "tss_wrong" })).finished;
  expect(wrongKey).toMatchObject({ code: 1, stdout: expect.stringMatching(/FAIL .*key/) });
  const taken = temporaryFolder();
  writeFileSync(join(taken, "file"), "");
  const noRoom = here({ TSS_WORKER_DIR: join(taken, "file", "agent"), TSS_COORDINATOR: "example.invalid:7400" });
  expect(await startProgram(file, ["--check"], noRoom).finished).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /FAIL .*cannot be made.*\n(.*\n)?FAIL .*mkfifo cannot be found.*\nFAIL .*would run nothing.*\nFAIL .*example\.invalid/,
    ),
  });
  expect(await startProgram(file, ["--check"], here({ TSS_WORKER_SLOT: "1" })).finished).toMatchObject({
    code: 78,
    stderr: expect.stringContaining("did you mean TSS_WORKER_SLOTS?"),
  });
});

testWhere(mayMount(), "a root with nothing but a shell in it takes the right to mount")(
  "on a read-only root with a shell and libraries alone it registers, runs tasks, and drains",
  async () => {
    const settings = { TSS_WORKER_DIR: "/var/lib/tss", TSS_LOG_LEVEL: "info" };
    const agent = startProgram("/usr/bin/unshare", [...inRoot(root), "/bin/tss-agent"], {
      ...here(settings),
      cwd: "/",
    });
    await agent.says("tss-agent bare offers its slots");
    const client = system.client();
    const wrote = await client.submit({ command: "if echo x > /new; then exit 7; fi" });
    expect(await wrote.wait()).toMatchObject({ status: "succeeded" });

    const door = `/proc/${agent.child.pid}/root/var/lib/tss/door`;
    expect(spawnSync("mkfifo", [door]).status).toBe(0);
    const slow = await client.submit({ command: "read word < /var/lib/tss/door && test $word = go" });
    for await (const { status } of slow.watch()) if (status === "running") break;
    agent.child.kill("SIGTERM");
    await agent.says("takes nothing more");
    await writeFile(door, "go\n");
    expect(await slow.wait()).toMatchObject({ status: "succeeded" });
    expect(await agent.finished).toMatchObject({ code: 0 });
  },
);
