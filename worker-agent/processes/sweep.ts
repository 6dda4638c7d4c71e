import { readFileSync } from "node:fs";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { listPids } from "./proc-stat.ts";

const ROUNDS = 5;
const PIDS_PER_TURN = 200;
const PAUSE_MS = 5;

/** Variables that every process of one attempt inherits, unless it takes pains to drop them. */
export interface AttemptMark {
  readonly taskId: string;
  readonly token: string;
}

/**
 * Kills every process whose environment carries the mark: descendants that left the attempt's group with setsid.
 * Returns how many there were. Looks again until none is found, at most five times, because they may fork meanwhile.
 */
export async function sweepMarked(mark: AttemptMark): Promise<number> {
  const killed = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const found = await findMarked(mark);
    for (const pid of found) if (kill(pid)) killed.add(pid);
    if (found.length === 0) break;
    await sleep(PAUSE_MS);
  }
  return killed.size;
}

/** Processes that carry the mark, without this one. Other users' processes cannot be read and are not found. */
export async function findMarked(mark: AttemptMark): Promise<number[]> {
  const task = `\0TSS_TASK_ID=${mark.taskId}\0`;
  const token = `\0TSS_FENCING_TOKEN=${mark.token}\0`;
  const found: number[] = [];
  let read = 0;
  for (const pid of listPids()) {
    if (pid === process.pid) continue;
    read += 1;
    // A host may run thousands of processes; heartbeats must not wait for them.
    if (read % PIDS_PER_TURN === 0) await nextTurn();
    const environment = readEnvironment(pid);
    if (environment.includes(task) && environment.includes(token)) found.push(pid);
  }
  return found;
}

/** `\0NAME=value\0…` as the process was started; empty for zombies and for what may not be read. */
function readEnvironment(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
  } catch {
    return "";
  }
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
