import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CODE_CACHE } from "./code-cache.ts";

const TSS = join(import.meta.dirname, "../../bin/tss.cjs");

export interface DevSystem {
  readonly folder: string;
  readonly coordinator: string;
  readonly gateway: string;
  readonly key: string;
  readonly process: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Ctrl-C. Resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Runs the command line as a user of the folder would. */
  tss(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  rest(path: string, init?: RequestInit): Promise<Response>;
}

/** Only what a program needs, so that nothing of the tests' own environment leaks in. */
function cleanEnvironment(more: Record<string, string>): Record<string, string> {
  const { PATH = "", LANG = "C.UTF-8" } = process.env;
  return { PATH, LANG, HOME: join(tmpdir(), "no-home"), ...CODE_CACHE, ...more };
}

/** `tss dev` in a folder of its own, on free ports; resolves when its first task has succeeded. */
export async function startDev(
  settings: Record<string, string> = {},
  folder = mkdtempSync(join(tmpdir(), "tss-dev-")),
): Promise<DevSystem> {
  const child = spawn(process.execPath, [TSS, "dev"], {
    cwd: folder,
    env: cleanEnvironment({ TSS_COORDINATOR_LISTEN: "127.0.0.1:0", TSS_GATEWAY_LISTEN: "127.0.0.1:0", ...settings }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ready = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      if (output.includes("Now try:")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`tss dev ended:\n${output}`)));
  });
  try {
    await ready;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const line = (name: string) => new RegExp(`^ +${name} +(\\S+)`, "m").exec(output)?.[1] ?? "";
  const [coordinator, gateway] = [line("coordinator"), line("gateway")];
  const key = readFileSync(join(folder, ".tss/credentials"), "utf8").trim();
  return {
    folder,
    coordinator,
    gateway,
    key,
    process: child,
    output: () => output,
    async stop(signal = "SIGINT") {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, "exit");
      child.kill(signal);
      const [code] = await ended;
      return code as number | null;
    },
    tss: (...args) => run(folder, { TSS_COORDINATOR: coordinator }, args),
    rest: (path, init = {}) =>
      fetch(`${gateway}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${key}`,
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...init.headers,
        },
      }),
  };
}

async function run(cwd: string, settings: Record<string, string>, args: readonly string[]) {
  const child = spawn(process.execPath, [TSS, ...args], {
    cwd,
    env: cleanEnvironment(settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  return { code: code as number | null, stdout, stderr };
}
