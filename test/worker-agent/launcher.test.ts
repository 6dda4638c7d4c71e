import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { createStatusFile, installLauncher, readStatus } from "../../worker-agent/executors/command/launcher.ts";
import { temporaryDirectory } from "../support/agent-house.ts";
import { until } from "../support/until.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** A pipe that had a reader and has none any more. */
function pipeWithoutReader(directory: string): number {
  const path = join(directory, "life");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY | O_NONBLOCK);
  closeSync(reader);
  return writer;
}

test("a command whose agent died as it was started runs all the same, and its exit code is its own", async () => {
  const directory = temporaryDirectory();
  const launcher = installLauncher(directory);
  const status = createStatusFile(directory);
  const life = pipeWithoutReader(directory);
  const idle = openSync("/dev/null", "r+");
  const ran = join(directory, "ran");
  const child = spawn("/bin/sh", [launcher, "", "/bin/sh", "-c", `: > ${ran}; exit 3`], {
    detached: true,
    stdio: ["ignore", idle, status, idle, idle, idle, idle, life, idle],
  });
  const ended = once(child, "exit");
  try {
    await until("it to have ended", () => readStatus(directory) !== undefined);
    expect(readStatus(directory)).toEqual({ exitCode: 3, signal: undefined });
    expect(existsSync(ran)).toBe(true);
  } finally {
    child.kill("SIGKILL");
    await ended;
    for (const fd of [status, life, idle]) closeSync(fd);
  }
});
