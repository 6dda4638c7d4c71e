import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fchownSync } from "node:fs";
import type { Socket } from "node:net";
import { isSettable, isVariable, type OtherUser, openEnvironment, plainEnvironment, wordsAs } from "./as-user.ts";
import { SHELL } from "./command-line.ts";
import { type CommandPipe, closeEnds, type FifoPool } from "./fifo-pool.ts";
import { createStatusFile, type Exit, readStatus, UNKNOWN_EXIT } from "./launcher.ts";

export interface LaunchOptions {
  /** Path of the launcher. */
  readonly launcher: string;
  /** Where it writes down how the command ended. */
  readonly statusPath: string;
  /** What the process that becomes the command does first, in POSIX sh. */
  readonly prelude: string;
  /** Absent: the agent's own. */
  readonly user: OtherUser | undefined;
  /** Program and arguments. */
  readonly words: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A command under its launcher. */
export interface LiveCommand {
  /** Number of the launcher, and of the process group of both. */
  readonly pid: number;
  /** Resolves when a signal to the group reaches the command, or when that has ended. */
  readonly armed: Promise<void>;
  /** Resolves when the command has ended or its launcher was killed. */
  readonly ended: Promise<Exit>;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly control: Socket;
  /** Ends the launcher: output that nobody has read is gone with it. Resolves when it is. Once only. */
  release(): Promise<void>;
}

export type Launched =
  | { readonly kind: "launched"; readonly command: LiveCommand }
  | { readonly kind: "failed"; readonly error: NodeJS.ErrnoException };

/**
 * Starts a program under a launcher in a session and process group of their own, with nothing on standard input and pipes
 * on 1, 2 and 3. The pipes are taken before; `mayStart` is asked at the last moment, after which nothing waits.
 */
export async function launch(
  options: LaunchOptions,
  pool: FifoPool,
  mayStart: () => boolean,
): Promise<Launched | undefined> {
  const pipes = await takePipes(pool);
  let status: number | undefined;
  let told: number | undefined;
  try {
    if (!mayStart()) return discard(pipes, undefined);
    status = createStatusFile(options.statusPath);
    const [stdout, stderr, control, life] = pipes as [CommandPipe, CommandPipe, CommandPipe, CommandPipe];
    const { user } = options;
    if (user !== undefined) {
      const { uid, gid } = user.account;
      // It must be able to open its own again, as /dev/stderr.
      for (const { writeFd } of [stdout, stderr, control]) fchownSync(writeFd, uid, gid);
      told = openEnvironment(options.statusPath, options.environment, user.account);
    }
    const held = [stdout, stderr, control].map((pipe) => pipe.heldFd);
    const child = spawn(SHELL, [options.launcher, options.prelude, ...wordsOf(options)], {
      cwd: user === undefined ? options.directory : "/",
      env: user === undefined ? options.environment : plainEnvironment(options.environment),
      detached: true,
      // As LAUNCHER_FD says, and ENVIRONMENT_FD.
      stdio: [
        ...(["ignore", stdout.writeFd, status, control.writeFd, ...held, life.writeFd, stderr.writeFd] as const),
        ...(told === undefined ? [] : [told]),
      ],
    });
    if (child.pid === undefined) {
      const [error] = (await once(child, "error").catch((thrown: unknown) => [thrown])) as [NodeJS.ErrnoException];
      return discard(pipes, { kind: "failed", error });
    }
    return { kind: "launched", command: liveCommand(child, child.pid, options.statusPath, pipes) };
  } catch (error) {
    return discard(pipes, { kind: "failed", error: error as NodeJS.ErrnoException });
  } finally {
    for (const pipe of pipes) closeEnds(pipe);
    for (const fd of [status, told]) if (fd !== undefined) closeSync(fd);
  }
}

function liveCommand(child: ChildProcess, pid: number, statusPath: string, pipes: readonly CommandPipe[]): LiveCommand {
  const [stdout, stderr, control, life] = pipes.map((pipe) => pipe.reader) as [Socket, Socket, Socket, Socket];
  // A later failure of the child object is no failure of the process, and must not end the agent.
  child.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid,
    armed: armedBy(life),
    ended: exitOf(life, statusPath),
    stdout,
    stderr,
    control,
    async release() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function armedBy(life: Socket): Promise<void> {
  return new Promise((resolve) => {
    life.once("data", () => resolve());
    life.once("close", () => resolve());
  });
}

/** The launcher closes its end of a pipe that nobody else has when it has written the status, or by its death. */
export async function exitOf(life: Socket, statusPath: string): Promise<Exit> {
  life.on("error", () => undefined);
  life.resume();
  if (!life.closed) await once(life, "close").catch(() => undefined);
  return readStatus(statusPath) ?? UNKNOWN_EXIT;
}

/** What a shell does not hand on, such as functions that bash exports, is given by a program. */
function wordsOf({ words, environment, user, directory }: LaunchOptions): string[] {
  const isHandedOn = user === undefined ? isVariable : isSettable;
  const odd = Object.entries(environment).filter(([name]) => !isHandedOn(name));
  const prefix = odd.length === 0 ? [] : ["/usr/bin/env", ...odd.map(([name, value]) => `${name}=${value}`)];
  const command = [...prefix, ...words];
  return user === undefined ? command : wordsAs(user, directory, command);
}

async function takePipes(pool: FifoPool): Promise<CommandPipe[]> {
  const taken: CommandPipe[] = [];
  try {
    for (let count = 0; count < 4; count += 1) taken.push(await pool.take());
    return taken;
  } catch (error) {
    for (const pipe of taken) {
      pipe.reader.destroy();
      closeEnds(pipe);
    }
    throw error;
  }
}

function discard<T>(pipes: readonly CommandPipe[], answer: T): T {
  for (const pipe of pipes) pipe.reader.destroy();
  return answer;
}
