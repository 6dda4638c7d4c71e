import { claimLocks } from "./claim-locks.ts";
import type { Lane } from "./lanes.ts";
import { leaseNext } from "./lease.ts";
import { nextLane } from "./profile.ts";
import { updateReady, withdrawLane } from "./serving.ts";
import type { Session } from "./session.ts";
import type { EngineState } from "./state.ts";
import { takeLanesBack } from "./throttle.ts";

/** Leases in one flush, so that a commit stays short. */
const LEASES_PER_FLUSH = 2_000;

/** A worker is given a share of its credit at a time, so that few tasks spread over many workers. */
const SHARE = 8;
const CHUNK = 200;

/** Gives waiting tasks to workers with credit, until one of the two runs out. */
export function match(state: EngineState): void {
  const now = state.clock.now();
  let left = LEASES_PER_FLUSH;
  let progress = true;
  let reach = 1;
  while (progress && left > 0 && state.ready.size > 0) {
    progress = takeLanesBack(state, reach);
    reach *= 2;
    for (const session of [...state.ready]) {
      const given = serve(state, session, Math.min(left, share(session.credit)), now);
      left -= given;
      if (given > 0) progress = true;
      if (left === 0) break;
    }
  }
}

function share(credit: number): number {
  return Math.max(1, Math.ceil(Math.min(credit, CHUNK) / SHARE));
}

function serve(state: EngineState, session: Session, most: number, now: number): number {
  const fits = (lane: Lane) => hasFree(session, lane);
  const onShut = (lane: Lane) => {
    withdrawLane(state, lane);
    if (lane.room?.isFull && lane.hasHead) lane.room.setAside(lane);
    else if (lane.locks !== null) claimLocks(state, lane, lane.locks);
  };
  let given = 0;
  while (given < most) {
    const lane = nextLane(session.profile, fits, onShut);
    if (lane === null) break;
    if (leaseNext(state, session, lane, now)) given++;
  }
  if (session.credit === 0) updateReady(state, session);
  return given;
}

/** Whether the worker has free what a task of the lane takes. */
function hasFree(session: Session, lane: Lane): boolean {
  const { resources } = lane.key.needs;
  for (const name in resources) {
    const free = (session.profile.resources[name] ?? 0) - (session.used.get(name) ?? 0);
    if ((resources[name] as number) > free) return false;
  }
  return true;
}
