import { type ChildProcess, spawn } from "node:child_process";

export interface GuardedChild {
  readonly pid: number;
  /** What the process wrote last, for the message when it fails. */
  output(): string;
  /** Ends the process, waits until it has gone and removes its folder. */
  stop(): Promise<void>;
}

export interface GuardedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Removed when the process has ended. */
  readonly folder: string;
  /** Signal that ends it at once: QUIT for Postgres, TERM for Redis. */
  readonly signal: "QUIT" | "TERM";
  /** Text it writes when it serves. */
  readonly ready: string;
}

/**
 * Ends the guarded process when the pipe on its standard input closes, which the system does when this process dies in
 * whatever way. It is the only one that ends it, so the path taken after a kill is the path of every run.
 */
const GUARD = `read -r word
kill -"$2" "$1" 2>/dev/null
i=0
while kill -0 "$1" 2>/dev/null && [ $i -lt 200 ]; do i=$((i + 1)); sleep 0.05; done
kill -KILL "$1" 2>/dev/null
rm -rf "$3"`;

/** Starts a server that cannot outlive this process, and waits until it serves. */
export async function startGuarded(command: GuardedCommand): Promise<GuardedChild> {
  const child = spawn(command.file, command.args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    cwd: command.folder,
    ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid }),
  });
  const tail: string[] = [];
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ready = new Promise<boolean>((resolve) => {
    const take = (chunk: Buffer) => {
      tail.push(chunk.toString());
      if (tail.length > 50) tail.shift();
      if (tail.join("").includes(command.ready)) resolve(true);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", (error) => {
      tail.push(String(error));
      resolve(false);
    });
    child.once("close", () => resolve(false));
  });
  const guard = spawn("sh", ["-c", GUARD, "guard", String(child.pid), command.signal, command.folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.stdin?.on("error", () => {});
  const output = () => tail.join("");
  const stop = () => stopped(guard, ended);
  if (!(await ready)) {
    await stop();
    throw new Error(`${command.file} did not start: ${output().trim().split("\n").slice(-3).join(" | ")}`);
  }
  return { pid: child.pid ?? 0, output, stop };
}

async function stopped(guard: ChildProcess, ended: Promise<void>): Promise<void> {
  const over = guard.exitCode === null ? new Promise((resolve) => guard.once("close", resolve)) : undefined;
  guard.stdin?.end();
  await Promise.all([ended, over]);
}
