import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Real pipes for the output of commands. What Node itself makes are sockets, and `echo text > /dev/stderr` in a script
 * fails on a socket. Named pipes are made many at a time, opened at both ends and unlinked at once.
 */
export interface FifoPool {
  take(): Promise<OutputPipe>;
  close(): void;
}

export interface OutputPipe {
  readonly reader: Socket;
  /** The child's end; closed by the agent when the child has it. */
  readonly writeFd: number;
}

const BATCH = 32;
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
      return openBothEnds(names.pop() ?? "");
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function openBothEnds(path: string): OutputPipe {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writeFd = openSync(path, constants.O_WRONLY);
    return { reader: new Socket({ fd: readFd, readable: true, writable: false }), writeFd };
  } catch (error) {
    closeSync(readFd);
    throw error;
  } finally {
    unlinkSync(path);
  }
}
