import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CODE_CACHE } from "../../support/code-cache.ts";
import { startCoordinatorProcess } from "../../support/crash-system.ts";
import type { Process } from "./supervised.ts";

const AGENT = join(import.meta.dirname, "../../../bin/tss-agent.cjs");

/** The program tss-coordinator; `onKey` hears the key that it makes on an empty database. */
export async function startCoordinator(
  settings: Readonly<Record<string, string>>,
  onKey: (key: string) => void,
): Promise<Process> {
  const { process: child, ended, key, output } = await startCoordinatorProcess(settings);
  if (key !== undefined) onKey(key);
  return { pid: child.pid ?? 0, ended, output };
}

/** The program tss-agent in a directory of its own. */
export async function startAgent(directory: string, environment: Readonly<Record<string, string>>): Promise<Process> {
  mkdirSync(directory, { recursive: true });
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [AGENT], {
    cwd: directory,
    env: { PATH, HOME: directory, ...CODE_CACHE, TSS_WORKER_DIR: join(directory, "work"), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  const ended = once(child, "exit").then(([code, signal]) => (signal ?? code) as NodeJS.Signals | number | null);
  return { pid: child.pid ?? 0, ended, output: () => output };
}
