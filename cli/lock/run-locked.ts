import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { HeldLock } from "../../sdk/typescript/client/hold-lock.ts";
import { type ProcessTree, processTree } from "./process-tree.ts";

/** How long a command may go on after it was told that its lock is lost, ms. */
const GRACE_MS = 10_000;
const POLL_MS = 25;
const FORWARDED: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export interface LockedRun {
  /** As a shell has it: the command's own, 128 + n after signal n, 127 when it is not found, 126 when it cannot be run. */
  readonly exitCode: number;
  readonly lost: boolean;
}

/**
 * Runs a command while the lock is held: with its name and token in the environment, ended by SIGTERM (SIGKILL 10 s later)
 * with all it has started when the lock is lost. Signals of this process are passed on.
 * @param stdout "inherit", or a descriptor that takes its place.
 */
export async function runLocked(
  lock: HeldLock,
  command: readonly string[],
  stdout: "inherit" | number,
  note: (text: string) => void,
): Promise<LockedRun> {
  const [file = "", ...rest] = command;
  const env = { ...process.env, TSS_LOCK_NAME: lock.name, TSS_LOCK_TOKEN: `${lock.token}` };
  const ended = Promise.withResolvers<number>();
  const child = spawn(file, rest, { env, stdio: ["inherit", stdout, "inherit"] });
  child.once("error", (error: NodeJS.ErrnoException) => {
    note(`${file} cannot be run: ${error.code === "ENOENT" ? "there is no such program" : error.message}`);
    ended.resolve(error.code === "ENOENT" ? 127 : 126);
  });
  child.once("exit", (code, signal) => ended.resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  const handlers = FORWARDED.map((signal) => [signal, () => forward(child, signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  let losing: Promise<void> | undefined;
  const lose = () => {
    note(`${(lock.signal.reason as Error).message} The command is told to end.`);
    if (child.pid !== undefined) losing = endTree(processTree(child.pid));
  };
  lock.signal.addEventListener("abort", lose, { once: true });
  if (lock.signal.aborted) lose();
  try {
    const exitCode = await ended.promise;
    // A shell dies of SIGTERM at once, and what it was waiting for goes on.
    await losing;
    return { exitCode, lost: lock.signal.aborted };
  } finally {
    lock.signal.removeEventListener("abort", lose);
    for (const [signal, handler] of handlers) process.removeListener(signal, handler);
  }
}

async function endTree(tree: ProcessTree): Promise<void> {
  tree.signal("SIGTERM");
  // A stopped process hears it only once it goes on.
  tree.signal("SIGCONT");
  for (const end = performance.now() + GRACE_MS; tree.lives(); await sleep(POLL_MS))
    if (performance.now() > end) return tree.signal("SIGKILL");
}

/** Ctrl-C on a terminal has reached the command already. */
function forward(child: ChildProcess, signal: NodeJS.Signals): void {
  if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
}
