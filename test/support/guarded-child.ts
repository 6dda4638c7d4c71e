import { spawn } from "node:child_process";
import { guard, type Release } from "./guard.ts";

export interface GuardedCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Removed when the process has ended. */
  readonly folder: string;
  readonly signal: "QUIT" | "TERM";
  /** Text it writes when it serves. */
  readonly ready: string;
}

export interface GuardedChild {
  readonly pid: number;
  readonly stop: Release;
}

/** Starts a server that cannot outlive this process, and waits until it serves. */
export async function startGuarded(command: GuardedCommand): Promise<GuardedChild> {
  const child = spawn(command.file, command.args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    cwd: command.folder,
    ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid }),
  });
  const stop = guard(child, command.signal, command.folder);
  const tail: string[] = [];
  const ready = await new Promise<boolean>((resolve) => {
    const take = (chunk: Buffer) => {
      tail.push(chunk.toString());
      if (tail.length > 50) tail.shift();
      if (tail.join("").includes(command.ready)) resolve(true);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.once("error", (error) => {
      tail.push(String(error));
      resolve(false);
    });
    child.once("close", () => resolve(false));
  });
  if (ready) return { pid: child.pid ?? 0, stop };
  await stop();
  throw new Error(`${command.file} did not start: ${tail.join("").trim().split("\n").slice(-3).join(" | ")}`);
}
