import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CODE_CACHE } from "./code-cache.ts";

const PROGRAM = join(import.meta.dirname, "../../bin/tss-coordinator.cjs");

export interface RunningCoordinator {
  readonly process: ChildProcess;
  /** Resolves with the signal that ended it, or its code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
  /** The first key, when it made one. */
  readonly key: string | undefined;
  readonly address: string;
  /** All it has written to its standard output and error. */
  output(): string;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** The program `tss-coordinator` as a process of its own; resolves when it listens. Rejected when it ends before. */
export async function startCoordinatorProcess(
  settings: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<RunningCoordinator> {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...options], {
    cwd: tmpdir(),
    env: { PATH, HOME: join(tmpdir(), "no-home"), ...CODE_CACHE, TSS_LOG_LEVEL: "error", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = once(child, "exit").then(([code, signal]) => (signal ?? code) as NodeJS.Signals | number | null);
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      if (output.includes("listens on")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    void ended.then((how) => reject(new EndedEarly(how, output)));
  });
  return {
    process: child,
    ended,
    key: /tss_\w+/.exec(output)?.[0],
    output: () => output,
    address: /listens on (\S+)/.exec(output)?.[1] ?? "",
    stop: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

/** A failpoint may be passed while the program starts. */
export class EndedEarly extends Error {
  readonly how: NodeJS.Signals | number | null;
  constructor(how: NodeJS.Signals | number | null, output: string) {
    super(`tss-coordinator ended with ${how}: ${output}`);
    this.how = how;
  }
}
