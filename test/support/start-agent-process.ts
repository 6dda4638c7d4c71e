import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeLater } from "./agent-house.ts";

/** What an agent's process has told its coordinator so far. */
export interface Said {
  /** Of the first command. */
  readonly id: string;
  readonly ids: readonly string[];
  /** Of all commands, one after the other. */
  readonly output: string;
  readonly outcomes: readonly number[];
  /** Signals that it has heeded. */
  readonly heeded: number;
}

/** Starts an agent of its own process and resolves when it has said what is waited for. */
export async function startAgentProcess(
  directory: string,
  command: string | readonly string[],
  enough: (said: Said) => boolean,
  environment: Readonly<Record<string, string>> = { TEST_SILENT: "1" },
) {
  const child = fork(
    new URL("./agent-process.ts", import.meta.url).pathname,
    typeof command === "string" ? [command] : [...command],
    {
      execArgv: ["--no-warnings"],
      cwd: directory,
      env: { PATH: process.env["PATH"], TSS_WORKER_DIR: directory, TSS_WORKER_NAME: "hand", ...environment },
    },
  );
  closeLater(() => killProcess(child));
  const said = await new Promise<Said>((resolve, reject) => {
    child.on("message", (message: Said) => enough(message) && resolve(message));
    child.once("exit", (code) => reject(new Error(`the agent ended with ${code}`)));
  });
  return { child, said };
}

export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
