import type { WorkerInfo } from "../../proto/gen/tss/v1/worker_service_pb.js";
import type { LaneKey, Needs } from "../kernel/lane-key.ts";
import type { Lane } from "./lanes.ts";

/**
 * Workers that can serve the same lanes share a profile, so that what a lane is to a worker is worked out once. It
 * lists the lanes that have something for it: by priority, then taking turns over queues and fairness keys.
 */
export interface Profile {
  readonly key: string;
  readonly queues: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
  readonly commands: boolean;
  /** Whether it may be given secrets. */
  readonly secrets: boolean;
  /** Whether it runs commands as the user, with the umask and within the limits that they ask for. */
  readonly confines: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, number>>;
  /** Sessions that have it now. */
  sessions: number;
  /** Highest priority first. */
  readonly bands: Band[];
}

interface Band {
  readonly priority: number;
  readonly groups: Group[];
  readonly byKey: Map<string, Group>;
  /** Whose turn it is. */
  next: number;
}

/** Lanes of one queue and fairness key: they differ in needs, and the oldest task goes first. */
interface Group {
  readonly key: string;
  readonly lanes: Lane[];
  /** Its place in the band. */
  at: number;
}

export function profileKey(info: WorkerInfo): string {
  const sorted = (map: object) => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    [...info.queues].sort(),
    [...info.types].sort(),
    info.commands,
    info.secrets,
    info.confines,
    sorted(info.labels),
    sorted(info.resources),
  ]);
}

export function newProfile(key: string, info: WorkerInfo): Profile {
  return {
    key,
    queues: new Set(info.queues),
    types: new Set(info.types),
    commands: info.commands,
    secrets: info.secrets,
    confines: info.confines,
    labels: info.labels,
    resources: info.resources,
    sessions: 0,
    bands: [],
  };
}

/** Whether workers of the profile could ever run what the lane holds. */
export function serves(profile: Profile, lane: LaneKey): boolean {
  if (profile.queues.size > 0 && !profile.queues.has(lane.queue)) return false;
  return meets(profile, lane.needs);
}

export function meets(profile: Profile, needs: Needs): boolean {
  if (needs.type === "" ? !profile.commands : !profile.types.has(needs.type)) return false;
  if ((needs.secrets && !profile.secrets) || (needs.confined && !profile.confines)) return false;
  for (const name in needs.selector) if (profile.labels[name] !== needs.selector[name]) return false;
  for (const name in needs.resources)
    if ((needs.resources[name] as number) > (profile.resources[name] ?? 0)) return false;
  return true;
}

/** Puts a lane that has something where the profile will find it. It must not be listed already. */
export function listLane(profile: Profile, lane: Lane): void {
  const { priority } = lane.key;
  let place = 0;
  while (place < profile.bands.length && (profile.bands[place] as Band).priority > priority) place++;
  let band = profile.bands[place];
  if (band === undefined || band.priority !== priority) {
    band = { priority, groups: [], byKey: new Map(), next: 0 };
    profile.bands.splice(place, 0, band);
  }
  const key = groupKey(lane);
  const group = band.byKey.get(key);
  if (group !== undefined) {
    group.lanes.push(lane);
    return;
  }
  const made = { key, lanes: [lane], at: band.groups.length };
  band.groups.push(made);
  band.byKey.set(key, made);
}

export function unlistLane(profile: Profile, lane: Lane): void {
  const bandAt = profile.bands.findIndex((band) => band.priority === lane.key.priority);
  const band = profile.bands[bandAt];
  const group = band?.byKey.get(groupKey(lane));
  if (band === undefined || group === undefined) return;
  const laneAt = group.lanes.indexOf(lane);
  if (laneAt >= 0) group.lanes.splice(laneAt, 1);
  if (group.lanes.length > 0) return;
  band.byKey.delete(group.key);
  // The last group takes the free place: constant time, at the price of one turn out of order.
  const last = band.groups.pop() as Group;
  if (last !== group) {
    last.at = group.at;
    band.groups[last.at] = last;
  }
  if (band.groups.length === 0) profile.bands.splice(bandAt, 1);
}

function groupKey(lane: Lane): string {
  return `${lane.key.queue}\n${lane.key.fairness}`;
}

/**
 * The lane whose task is next for a worker: highest priority first, groups in turn, oldest lane of a group.
 * @param fits whether what the lane needs is free on this worker now.
 * @param onShut told of a listed lane that has nothing to give now; it unlists it.
 */
export function nextLane(profile: Profile, fits: (lane: Lane) => boolean, onShut: (lane: Lane) => void): Lane | null {
  for (let bandAt = 0; bandAt < profile.bands.length; bandAt++) {
    const band = profile.bands[bandAt] as Band;
    let tried = 0;
    while (tried < band.groups.length) {
      const group = band.groups[band.next % band.groups.length] as Group;
      const shut = group.lanes.find((lane) => !lane.isOpen);
      if (shut !== undefined) {
        onShut(shut);
        if (profile.bands[bandAt] !== band) break;
        // Groups may have changed places, tried ones with others: the round begins again.
        tried = 0;
        continue;
      }
      band.next = (band.next + 1) % band.groups.length;
      tried++;
      const lane = oldest(group, fits);
      if (lane !== null) return lane;
    }
    if (profile.bands[bandAt] !== band) bandAt--;
  }
  return null;
}

function oldest(group: Group, fits: (lane: Lane) => boolean): Lane | null {
  let best: Lane | null = null;
  for (const lane of group.lanes) {
    if (!fits(lane)) continue;
    if (best === null || lane.nextCreatedAt() < best.nextCreatedAt()) best = lane;
  }
  return best;
}
