import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PYTHON_SDK, type PythonVenv } from "./python.ts";

/** How one test of pytest ended. */
export interface PythonTest {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly text: string;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a module of Python in the SDK's folder. */
export async function runPython(
  venv: PythonVenv,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramEnd> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(venv.python, ["-m", ...args], {
    cwd: PYTHON_SDK,
    env: { PATH, HOME, PYTHONDONTWRITEBYTECODE: "1", TSS_TEST_NODE: process.execPath, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  const [code] = await once(child, "close");
  return { code: code as number | null, output };
}

/** Runs all tests of the SDK. */
export async function runPytest(venv: PythonVenv): Promise<ProgramEnd & { readonly tests: readonly PythonTest[] }> {
  const folder = mkdtempSync(join(tmpdir(), "tss-pytest-"));
  const file = join(folder, "report");
  try {
    const end = await runPython(venv, ["pytest", "-p", "tests.support.report"], { TSS_TEST_REPORT: file });
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    return { ...end, tests: lines.map((line) => JSON.parse(line) as PythonTest) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
