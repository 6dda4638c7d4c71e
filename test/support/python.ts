import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findFolder, install } from "./binaries.ts";
import { isRunning } from "./is-running.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

/** The Python SDK of this checkout. */
export const PYTHON_SDK = join(ROOT, "sdk/python");

/** Oldest version of Python that the SDK runs on. */
const OLDEST = [3, 9] as const;

export interface PythonVenv {
  readonly folder: string;
  /** Its interpreter. */
  readonly python: string;
}

/**
 * A virtual environment with what the SDK and its tests need, kept in `.cache` until one of the requirements or the
 * interpreter is another.
 * @param file of other requirements.
 * @throws Error one sentence that says what is missing and what to do.
 */
export async function pythonVenv(file = join(PYTHON_SDK, "requirements-dev.txt")): Promise<PythonVenv> {
  const given = process.env["TSS_TEST_PYTHON"];
  const python = given || "python3";
  if (!given && findFolder(["python3"]) === undefined) install(["venv"]);
  const version = versionOf(python);
  const requirements = readFileSync(file, "utf8");
  const key = createHash("sha256").update(`${version}\n${requirements}`).digest("hex").slice(0, 16);
  const cache = join(ROOT, ".cache");
  const folder = join(cache, `python-${key}`);
  const ready = () => existsSync(join(folder, "ready"));
  mkdirSync(cache, { recursive: true });
  while (!ready()) {
    // Test files run side by side: one makes it, the others wait.
    const unlock = lock(`${folder}.lock`);
    if (unlock === undefined) await sleep(200);
    else
      try {
        if (!ready()) await makeVenv(python, folder, file);
      } finally {
        unlock();
      }
  }
  return { folder, python: join(folder, "bin/python") };
}

function versionOf(python: string): string {
  const { stdout, error } = spawnSync(python, ["-c", "import sys; print(sys.version)"], { encoding: "utf8" });
  if (error !== undefined || stdout === "")
    throw new Error(
      `The tests of the Python SDK need Python ${OLDEST.join(".")} or newer, and "${python}" does not run: install it, or set TSS_TEST_PYTHON to one.`,
    );
  const [major = 0, minor = 0] = stdout.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new Error(
      `The Python SDK needs Python ${OLDEST.join(".")} or newer, and "${python}" is ${major}.${minor}: set TSS_TEST_PYTHON to a newer one.`,
    );
  return stdout.trim();
}

/** @returns what gives it back; undefined while another process that lives has it. */
function lock(file: string): (() => void) | undefined {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return () => rmSync(file, { force: true });
  } catch {
    const owner = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    if (owner !== 0 && !isRunning(owner)) rmSync(file, { force: true });
    return undefined;
  }
}

/** It is made beside and renamed when it is whole: a test run that ends early leaves none that looks ready. */
async function makeVenv(python: string, folder: string, requirements: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const made = `${folder}.${process.pid}`;
  rmSync(made, { recursive: true, force: true });
  process.stderr.write("making a Python environment for the tests\n");
  const venv = () => spawnSync(python, ["-m", "venv", made], { encoding: "utf8" });
  let { status, stdout, stderr } = venv();
  if (status !== 0 && findFolder(["dpkg"]) !== undefined && install(["venv"])) {
    rmSync(made, { recursive: true, force: true });
    ({ status, stdout, stderr } = venv());
  }
  if (status !== 0)
    throw new Error(
      `"${python} -m venv" does not work; on Debian and Ubuntu: apt-get install python3-venv. It says: ${`${stdout}${stderr}`.trim().split("\n").slice(0, 3).join(" ")}`,
    );
  try {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "-r", requirements];
    await run(join(made, "bin/python"), pip);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    const said = String((error as { stderr?: string }).stderr ?? error)
      .trim()
      .split("\n");
    throw new Error(`pip cannot install what ${requirements} names: ${said.at(-1)}`);
  }
  // Scripts of a venv name its folder; `python -m` does not.
  renameSync(made, folder);
  mkdirSync(join(folder, "ready"));
}
