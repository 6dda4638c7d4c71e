import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { untilEnded } from "./overdue.ts";

const folder = mkdtempSync(join(tmpdir(), "tss-overdue-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeAndThen(file: string, script: string) {
  const write = `require("fs").writeFileSync(process.argv[1], "{}");`;
  return spawn(process.execPath, ["-e", write + script, file], { stdio: "ignore" });
}

test("a process that has written its result and is held up is ended, and that is told", async () => {
  const file = join(folder, "held-up.json");
  const child = writeAndThen(file, "setInterval(() => {}, 1000)");
  expect(await untilEnded(child, file, 50)).toEqual({ code: null, overdue: true });
});

test("a process that ends by itself keeps its exit code", async () => {
  const file = join(folder, "ends.json");
  const child = writeAndThen(file, "process.exitCode = 3");
  expect(await untilEnded(child, file, 60_000)).toEqual({ code: 3, overdue: false });
});
