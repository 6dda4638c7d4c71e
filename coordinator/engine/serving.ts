import type { WorkerInfo } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { Lane } from "./lanes.ts";
import { listLane, newProfile, type Profile, profileKey, serves, unlistLane } from "./profile.ts";
import { considerRefill } from "./refill.ts";
import type { Session } from "./session.ts";
import type { EngineState } from "./state.ts";

/** Which lanes are offered to which workers. A lane is listed while it has a head, its queue runs and somebody serves it. */

/** To be called whenever a lane may have got its first head. */
export function offerLane(state: EngineState, lane: Lane): void {
  if (state.listed.has(lane) || lane.servedBy === 0 || !lane.hasHead || isPaused(state, lane)) return;
  if (lane.room?.hasAside(lane)) return;
  // Enough is being taken for it; it is offered again when it has something to give.
  if (lane.locks !== null && !lane.locks.canClaim && !lane.locks.hasReady) return;
  state.listed.add(lane);
  for (const profile of state.profiles.values()) if (serves(profile, lane.key)) listLane(profile, lane);
}

export function withdrawLane(state: EngineState, lane: Lane): void {
  if (!state.listed.delete(lane)) return;
  for (const profile of state.profiles.values()) if (serves(profile, lane.key)) unlistLane(profile, lane);
}

export function isPaused(state: EngineState, lane: Lane): boolean {
  return state.queues.get(lane.key.queue)?.paused === true;
}

/** The profile of a worker; its first session makes its lanes known to it. */
export function joinProfile(state: EngineState, info: WorkerInfo): Profile {
  const key = profileKey(info);
  let profile = state.profiles.get(key);
  if (profile === undefined) {
    profile = newProfile(key, info);
    state.profiles.set(key, profile);
    for (const lane of state.lanes.values()) {
      if (!serves(profile, lane.key)) continue;
      lane.servedBy++;
      if (state.listed.has(lane)) listLane(profile, lane);
      else offerLane(state, lane);
      for (const window of lane.windows()) considerRefill(state, lane, window.shard);
    }
  }
  profile.sessions++;
  return profile;
}

export function leaveProfile(state: EngineState, profile: Profile): void {
  profile.sessions--;
  if (profile.sessions > 0) return;
  state.profiles.delete(profile.key);
  for (const lane of state.lanes.values()) {
    if (!serves(profile, lane.key)) continue;
    lane.servedBy--;
    if (lane.servedBy === 0) state.listed.delete(lane);
  }
}

/** To be called when a lane becomes known. */
export function countServers(state: EngineState, lane: Lane): void {
  for (const profile of state.profiles.values()) if (serves(profile, lane.key)) lane.servedBy++;
}

/** To be called when its credit, stream or drain changes. */
export function updateReady(state: EngineState, session: Session): void {
  if (session.credit > 0 && !session.draining && !session.stalled && session.stream !== null) {
    if (!state.ready.has(session)) {
      state.ready.add(session);
      state.wake();
    }
  } else state.ready.delete(session);
}
