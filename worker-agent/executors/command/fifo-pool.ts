import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Real pipes for the output of commands. What Node itself makes are sockets, and `echo text > /dev/stderr` in a script
 * fails on a socket, nor could an agent that comes later open one again. Named pipes are made many at a time, opened at
 * both ends and unlinked at once.
 */
export interface FifoPool {
  take(): Promise<CommandPipe>;
  close(): void;
}

export interface CommandPipe {
  readonly reader: Socket;
  /** A second reading end, for whoever keeps the pipe alive without reading; closed by the agent when the launcher has it. */
  readonly heldFd: number;
  /** The child's end; closed by the agent when the child has it. */
  readonly writeFd: number;
}

const BATCH = 64;
const run = promisify(execFile);

/** @param directory emptied, and removed by close(). */
export function createFifoPool(directory: string): FifoPool {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const names: string[] = [];
  let made = 0;
  let making: Promise<void> | undefined;

  const make = async (): Promise<void> => {
    const batch = Array.from({ length: BATCH }, (_, number) => join(directory, String(made + number)));
    made += BATCH;
    await run("mkfifo", ["-m", "600", ...batch]);
    names.push(...batch);
  };

  return {
    async take() {
      while (names.length === 0) {
        making ??= make().finally(() => {
          making = undefined;
        });
        await making;
      }
      return openPipe(names.pop() ?? "");
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export function closeEnds({ heldFd, writeFd }: CommandPipe): void {
  closeSync(heldFd);
  closeSync(writeFd);
}

function openPipe(path: string): CommandPipe {
  const opened: number[] = [];
  const open = (flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    const readFd = open(constants.O_RDONLY | constants.O_NONBLOCK);
    const heldFd = open(constants.O_RDONLY | constants.O_NONBLOCK);
    const writeFd = open(constants.O_WRONLY);
    return { reader: pipeReader(readFd), heldFd, writeFd };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    unlinkSync(path);
  }
}

/** Reads a pipe from here on as it comes. */
export function pipeReader(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: false });
}
