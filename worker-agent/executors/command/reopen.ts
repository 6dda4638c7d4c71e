import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessIdentity, stillRuns } from "../../processes/identity.ts";
import { pipeReader } from "./fifo-pool.ts";
import { exitOf, type LiveCommand } from "./launch.ts";
import { LAUNCHER_FD, readStatus, UNKNOWN_EXIT } from "./launcher.ts";

/** Between two looks at a launcher that is being killed: it is not this process's child. */
const LOOK_MS = 2;

/**
 * Takes up a command that an earlier agent started: its pipes are opened anew through the descriptors of its launcher.
 * Undefined: the launcher is gone.
 */
export function reopenCommand(launcher: ProcessIdentity, statusPath: string): LiveCommand | undefined {
  if (!stillRuns(launcher)) return undefined;
  const { pid } = launcher;
  const opened: Socket[] = [];
  const open = (fd: number): Socket => {
    const socket = openAgain(pid, fd);
    opened.push(socket);
    return socket;
  };
  try {
    const [stdout, stderr, control] = [
      open(LAUNCHER_FD.heldOutput),
      open(LAUNCHER_FD.heldErrors),
      open(LAUNCHER_FD.heldControl),
    ];
    const life = openLife(open);
    // The number may have been given anew while they were opened.
    if (!stillRuns(launcher)) throw new Error("the launcher is gone");
    return {
      pid,
      armed: Promise.resolve(),
      ended: life === undefined ? Promise.resolve(readStatus(statusPath) ?? UNKNOWN_EXIT) : exitOf(life, statusPath),
      stdout,
      stderr,
      control,
      async release() {
        if (!stillRuns(launcher)) return;
        kill(pid);
        while (stillRuns(launcher)) await sleep(LOOK_MS);
      },
    };
  } catch {
    for (const socket of opened) socket.destroy();
    return undefined;
  }
}

/** Undefined: the command has ended. */
function openLife(open: (fd: number) => Socket): Socket | undefined {
  try {
    return open(LAUNCHER_FD.life);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** A pipe that never had a writer since it was opened never says that it has none: so it gets one for a moment. */
function openAgain(pid: number, fd: number): Socket {
  const path = `/proc/${pid}/fd/${fd}`;
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(readFd).isFIFO()) throw new Error(`${path} is no pipe`);
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return pipeReader(readFd);
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
