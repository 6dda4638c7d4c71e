import { type ChildProcess, spawn } from "node:child_process";

/** Ends a child, waits until it has gone, and removes its folder. */
export type Release = () => Promise<void>;

/**
 * A shell that waits on a pipe from this process. The system closes the pipe when this process dies in whatever way;
 * then, and when it is released, the shell ends the child. The path after a kill is so the path of every run.
 */
const SCRIPT = `read -r word
if [ "$word" != ended ]; then
  kill -"$2" "$1" 2>/dev/null
  i=0
  while kill -0 "$1" 2>/dev/null && [ $i -lt 200 ]; do i=$((i + 1)); sleep 0.05; done
  kill -KILL "$1" 2>/dev/null
fi
rm -rf "$3"`;

/**
 * Sees to it that a child does not outlive this process.
 * @param signal what ends it: QUIT for Postgres, TERM for others.
 * @param folder removed when it has ended.
 */
export function guard(child: ChildProcess, signal: "QUIT" | "TERM", folder: string): Release {
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const shell = spawn("sh", ["-c", SCRIPT, "guard", String(child.pid), signal, folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const over = new Promise<void>((resolve) => shell.once("close", () => resolve()));
  shell.stdin.on("error", () => {});
  return async () => {
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    shell.stdin.end(ended ? "ended\n" : "");
    await Promise.all([over, child.pid === undefined ? undefined : gone]);
  };
}
