import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { guard } from "../../test/support/guard.ts";

const ROOT = join(import.meta.dirname, "../..");

export type ProgramName = "tss" | "tss-coordinator" | "tss-gateway" | "tss-agent";

/** One of TSS's programs as a process of its own, that can be killed and started again. */
export interface Program {
  readonly pid: number;
  /** All it has written. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** Where programs keep their files, and what is known to be running there. */
export interface Stage {
  readonly folder: string;
  readonly programs: Set<Program>;
}

/**
 * Starts a program that ends with this process, however that ends.
 * @param ready text that it writes when it is ready; absent: it is waited for until it ends.
 * @throws Error with what it said when it ends before.
 */
export async function startProgram(
  stage: Stage,
  name: ProgramName,
  words: readonly string[],
  settings: Readonly<Record<string, string>>,
  ready?: string,
): Promise<Program> {
  const { PATH = "", NODE_COMPILE_CACHE: cache } = process.env;
  const cwd = mkdtempSync(join(stage.folder, `${name}-`));
  const child = spawn(process.execPath, [join(ROOT, "bin", `${name}.cjs`), ...words], {
    cwd,
    env: {
      PATH,
      HOME: stage.folder,
      TSS_LOG_LEVEL: "error",
      ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C is for this command, which ends the rest in order.
    detached: true,
  });
  const release = guard(child, "TERM", cwd);
  let output = "";
  const said = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (ready !== undefined && output.includes(ready)) said.resolve();
    });
  const ended = once(child, "close");
  const program: Program = {
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ended,
    async stop() {
      await release();
      stage.programs.delete(program);
    },
  };
  stage.programs.add(program);
  await Promise.race([said.promise, ended]);
  if (isOver(child) && (ready !== undefined || child.exitCode !== 0)) {
    await program.stop();
    throw new Error(`${name} ended: ${output.trim() || "it said nothing"}`);
  }
  return program;
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
