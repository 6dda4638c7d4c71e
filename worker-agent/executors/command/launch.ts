import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { FifoPool, OutputPipe } from "./fifo-pool.ts";

export interface LaunchOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Exit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export type Launched =
  | {
      readonly kind: "launched";
      readonly pid: number;
      readonly exited: Promise<Exit>;
      readonly stdout: Socket;
      readonly stderr: Socket;
      readonly control: Socket;
    }
  | { readonly kind: "failed"; readonly error: NodeJS.ErrnoException };

/** Out of memory the kernel takes commands first and the agent last. */
const OOM_SCORE = "500";

/**
 * Starts a program in a session and process group of its own, with nothing on standard input and pipes on 1, 2 and 3.
 * The pipes are taken before; `mayStart` is asked at the last moment, after which nothing waits.
 */
export async function launch(
  options: LaunchOptions,
  pool: FifoPool,
  mayStart: () => boolean,
): Promise<Launched | undefined> {
  const pipes = await takePipes(pool);
  try {
    if (!mayStart()) return discard(pipes, undefined);
    const [stdout, stderr, control] = pipes.map((pipe) => pipe.reader) as [Socket, Socket, Socket];
    const child = spawn(options.program, options.args, {
      cwd: options.directory,
      env: options.environment,
      detached: true,
      stdio: ["ignore", ...pipes.map((pipe) => pipe.writeFd)],
    });
    if (child.pid === undefined) {
      const [error] = (await once(child, "error").catch((thrown: unknown) => [thrown])) as [NodeJS.ErrnoException];
      return discard(pipes, { kind: "failed", error });
    }
    raiseOomScore(child.pid);
    return { kind: "launched", pid: child.pid, exited: exitOf(child), stdout, stderr, control };
  } catch (error) {
    return discard(pipes, { kind: "failed", error: error as NodeJS.ErrnoException });
  } finally {
    for (const pipe of pipes) closeSync(pipe.writeFd);
  }
}

async function takePipes(pool: FifoPool): Promise<OutputPipe[]> {
  const taken: OutputPipe[] = [];
  try {
    for (let count = 0; count < 3; count += 1) taken.push(await pool.take());
    return taken;
  } catch (error) {
    for (const pipe of taken) {
      pipe.reader.destroy();
      closeSync(pipe.writeFd);
    }
    throw error;
  }
}

function discard<T>(pipes: readonly OutputPipe[], answer: T): T {
  for (const pipe of pipes) pipe.reader.destroy();
  return answer;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    // A later failure of the child object is no failure of the process, and must not end the agent.
    child.on("error", () => undefined);
    child.once("exit", (code, signal) => resolve({ exitCode: code ?? undefined, signal: signal ?? undefined }));
  });
}

function raiseOomScore(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_SCORE);
  } catch {
    // No /proc here, or the process is gone already.
  }
}
