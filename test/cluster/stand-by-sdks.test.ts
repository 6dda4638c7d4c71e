import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startCoordinatorProcess } from "../support/crash-system.ts";
import { freshDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { buildGo } from "../support/go-toolchain.ts";
import { PYTHON_SDK, pythonVenv } from "../support/python.ts";
import { ROOT, startProgram } from "../support/run-tss.ts";
import { startStandby } from "../support/standby.ts";

/** A first run makes a Python environment and compiles gRPC for Go. */
const PATIENCE_MS = 900_000;
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

interface Programs {
  worker(env: Record<string, string>): ReturnType<typeof startProgram>;
  submit(env: Record<string, string>): ReturnType<typeof startProgram>;
}

const programs = new Map<string, Programs>();
beforeAll(async () => {
  const { python } = await pythonVenv();
  const run = (file: string) => (env: Record<string, string>) =>
    startProgram(
      python,
      [
        "-c",
        `import logging, runpy; logging.basicConfig(level="INFO"); runpy.run_path("${file}", run_name="__main__")`,
      ],
      {
        cwd: join(ROOT, "examples/python"),
        env: { ...env, PYTHONPATH: [PYTHON_SDK, join(ROOT, "examples/python")].join(delimiter) },
      },
    );
  programs.set("Python", { worker: run("worker.py"), submit: run("submit.py") });
  const [worker, submit] = [await buildGo("./examples/worker"), await buildGo("./examples/submit")];
  expect(existsSync(worker)).toBe(true);
  programs.set("Go", {
    worker: (env) => startProgram(worker, [], { env }),
    submit: (env) => startProgram(submit, [], { env }),
  });
}, PATIENCE_MS);

test.each([
  ["Python", "Connected to"],
  ["Go", "the worker is connected"],
])(
  "%s: clients and workers that are told of one that stands by first use the one that serves, and follow to the other",
  async (language, connected) => {
    const { worker, submit } = programs.get(language) as Programs;
    const url = await freshDatabase();
    const owner = await startCoordinatorProcess({ TSS_DATABASE_URL: url, TSS_COORDINATOR_LISTEN: "127.0.0.1:0" });
    closers.push(() => owner.stop("SIGTERM"));
    const address = `127.0.0.1:${await freePort()}`;
    const standby = startStandby(url, { TSS_COORDINATOR_LISTEN: address });
    closers.push(async () => {
      standby.child.kill("SIGTERM");
      await standby.finished;
    });
    await standby.says("stands by");
    const env = { TSS_COORDINATOR: `${address},${owner.address}`, TSS_API_KEY: owner.key ?? "" };
    const working = worker(env);
    await working.says(connected);
    const counts = async () => {
      const { code, stdout, stderr } = await submit(env).finished;
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      expect(stdout).toMatch(/^submitted \S{26}\n/);
      expect(stdout).toMatch(/succeeded/);
    };
    await counts();
    await owner.stop("SIGKILL");
    await standby.says("listens on");
    // Neither is started anew.
    await counts();
    working.child.kill("SIGTERM");
    expect((await working.finished).code).toBe(0);
  },
  120_000,
);
