import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { QueueSchema, WorkerSchema } from "../../proto/gen/tss/v1/operator_service_pb.js";
import { runTss, startProgram, TSS, temporaryFolder } from "../support/run-tss.ts";
import { type House, startHouse } from "../support/scripted-house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
  house.operator.queues = [create(QueueSchema, { name: "media" }), create(QueueSchema, { name: "mail" })];
  house.operator.workers = [
    create(WorkerSchema, { sessionId: "s1", info: { name: "$(touch /tmp/owned)" } }),
    create(WorkerSchema, { sessionId: "s2", info: { name: "build-7" } }),
  ];
  house.add({ id: "task-1" });
});
afterAll(() => house.close());

/** What bash offers after these words; the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const script = (await runTss(["completion", "bash"])).stdout;
  const list = words.map((word) => `'${word}'`).join(" ");
  const program = `tss() { ${process.execPath} ${TSS} "$@"; }
${script}
COMP_WORDS=(tss ${list}); COMP_CWORD=${words.length}; _tss; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await startProgram("/bin/bash", ["-c", program], { env: house.env }).finished;
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

if (existsSync("/bin/bash")) {
  test("bash completes commands, verbs and flags", async () => {
    expect(await offered("ta")).toEqual(["task"]);
    expect(await offered("task", "a")).toEqual(["abort"]);
    expect(await offered("tasks", "w")).toEqual(["wait", "why"]);
    expect(await offered("task", "create", "--retr")).toEqual([
      "--retries",
      "--retry-interval",
      "--retry-backoff",
      "--retry-max-interval",
    ]);
    expect(await offered("task", "create", "--retry-backoff", "f")).toEqual(["fixed"]);
    expect(await offered("completion", "z")).toEqual(["zsh"]);
  });

  test("bash completes what the coordinator has, and offers nothing a shell would run", async () => {
    expect(await offered("task", "status", "")).toEqual(["task-1"]);
    expect(await offered("queue", "pause", "m")).toEqual(["media", "mail"]);
    expect(await offered("task", "list", "--queue", "me")).toEqual(["media"]);
    expect(await offered("worker", "drain", "")).toEqual(["build-7"]);
  });
}

test("a coordinator that is away completes nothing and says nothing on stdout", async () => {
  expect((await runTss(["complete", "tasks", "--coordinator", "127.0.0.1:1"])).stdout).toBe("");
});

for (const shell of ["zsh", "fish"])
  test(`the script for ${shell} names every command, and ${shell} can read it`, async () => {
    const { stdout } = await runTss(["completion", shell]);
    for (const word of ["abort", "drain", "pause", "revoke", "migrate", "doctor", "retry-interval"])
      expect(stdout).toContain(word);
    const program = ["/bin", "/usr/bin"].map((folder) => path.join(folder, shell)).find((file) => existsSync(file));
    if (program === undefined) return;
    const file = path.join(temporaryFolder(), "script");
    writeFileSync(file, stdout);
    expect((await startProgram(program, ["-n", file]).finished).stderr).toBe("");
  });
