import { setTimeout as sleep } from "node:timers/promises";
import { hasProc, isDead, listPids, readStat } from "./proc-stat.ts";

/** A process group that this agent made. Once seen empty it is never signalled again: its number may be given anew. */
export interface ProcessGroup {
  readonly id: number;
  /** False: nobody is left to hear it. */
  signal(signal: NodeJS.Signals): boolean;
  alive(): boolean;
  /** Resolves true when no member lives, false when `until` is aborted first. */
  gone(until: AbortSignal): Promise<boolean>;
}

const POLL_FIRST_MS = 1;
const POLL_LONGEST_MS = 25;

export function processGroup(id: number): ProcessGroup {
  let empty = false;
  const send = (signal: NodeJS.Signals | 0): boolean => {
    if (empty) return false;
    try {
      process.kill(-id, signal);
      return true;
    } catch (error) {
      // EPERM: its members belong to somebody else, and live.
      if ((error as NodeJS.ErrnoException).code === "EPERM") return true;
      empty = true;
      return false;
    }
  };
  const alive = (): boolean => {
    if (!send(0)) return false;
    if (hasProc && !hasLivingMember(id)) empty = true;
    return !empty;
  };
  return {
    id,
    signal: (signal) => send(signal),
    alive,
    async gone(until) {
      for (let pauseMs = POLL_FIRST_MS; alive(); pauseMs = Math.min(pauseMs * 2, POLL_LONGEST_MS)) {
        if (until.aborted) return false;
        await sleep(pauseMs, undefined, { signal: until }).catch(() => undefined);
      }
      return true;
    },
  };
}

function hasLivingMember(group: number): boolean {
  const leader = readStat(group);
  if (leader !== undefined && leader.group === group && !isDead(leader)) return true;
  return listPids().some((pid) => {
    const stat = readStat(pid);
    return stat !== undefined && stat.group === group && !isDead(stat);
  });
}
