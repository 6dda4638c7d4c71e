import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { silentLogger } from "../runtime/logger.ts";
import { makeDirectory } from "../runtime/make-directory.ts";
import type { Settings } from "../runtime/settings-table.ts";
import { connectAgent } from "./connect.ts";
import { hasRoom } from "./journal/room.ts";
import { readPolicy } from "./policy.ts";
import { workerInfo } from "./worker-info.ts";

/** What one look has found. */
export interface CheckLine {
  readonly ok: boolean;
  /** One sentence: what is, and where something is wrong what to do. */
  readonly text: string;
}

const SHELL = "/bin/sh";
/** What the agent itself starts beside the commands of tasks. */
const PROGRAMS = ["mkfifo"];
const PATIENCE_MS = 5_000;

/**
 * Whether an agent with these settings could work: its directory, the programs it needs, what it would run, and its
 * coordinator, which it greets as an agent does without offering a slot.
 */
export async function* checkAgent(settings: Settings, version: string): AsyncGenerator<CheckLine> {
  yield checkDirectory(resolve(settings.TSS_WORKER_DIR ?? "./.tss/agent"));
  yield checkPrograms();
  yield checkPolicy(settings);
  yield await checkCoordinator(settings, version);
}

function checkDirectory(directory: string): CheckLine {
  try {
    makeDirectory(directory, 0o700);
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { message } = error as Error;
    return { ok: false, text: `${message}: set TSS_WORKER_DIR to a directory that can be written to.` };
  }
  if (!hasRoom(directory))
    return { ok: false, text: `${directory} has less than 64 MiB free: make room, or no task will be taken.` };
  return { ok: true, text: `Output and outcomes are kept in ${directory}.` };
}

function checkPrograms(): CheckLine {
  // Where a system looks that is told nothing.
  const folders = (process.env["PATH"] ?? "/bin:/usr/bin").split(delimiter);
  const missing = PROGRAMS.filter((name) => !folders.some((folder) => isThere(folder, name)));
  if (!isThere("/", SHELL)) missing.unshift(SHELL);
  return missing.length === 0
    ? { ok: true, text: `The programs it needs are there: ${[SHELL, ...PROGRAMS].join(", ")}.` }
    : { ok: false, text: `${missing.join(" and ")} cannot be found: install coreutils and a shell, or mend PATH.` };
}

function isThere(folder: string, name: string): boolean {
  try {
    accessSync(join(folder, name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkPolicy(settings: Settings): CheckLine {
  const policy = readPolicy(settings);
  if (policy.kind === "everything") return { ok: true, text: "It runs every command it is given." };
  if (policy.programs.size > 0) return { ok: true, text: `It runs only ${[...policy.programs].join(", ")}.` };
  return { ok: false, text: `It would run nothing, because ${policy.because}: name commands there, or * for all.` };
}

async function checkCoordinator(settings: Settings, version: string): Promise<CheckLine> {
  const answer = Promise.withResolvers<CheckLine>();
  const say = (ok: boolean, text: string): void => answer.resolve({ ok, text });
  try {
    const { openSession, refused } = connectAgent(settings, version, silentLogger, (e) => say(false, e.message));
    refused.catch((error: Error) => say(false, error.message));
    const { name, ...worker } = workerInfo(settings, version);
    const ignored = (): void => {};
    const session = openSession({
      worker: { ...worker, name },
      held: () => [],
      events: {
        onConnected: () => say(true, `${settings.TSS_COORDINATOR} knows the key and takes ${name} as a worker.`),
        onLease: ignored,
        onCancel: ignored,
        onLogAck: ignored,
        onOutcomeAck: ignored,
        onDrain: ignored,
      },
    });
    const impatience = setTimeout(
      () => say(false, `${settings.TSS_COORDINATOR} has not answered within ${PATIENCE_MS / 1_000} s.`),
      PATIENCE_MS,
    );
    const line = await answer.promise;
    clearTimeout(impatience);
    await session.close();
    return line;
  } catch (error) {
    return { ok: false, text: (error as Error).message };
  }
}
