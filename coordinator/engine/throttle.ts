import { readQueueSettings } from "../kernel/queue-settings.ts";
import { type Place, shareOf } from "../kernel/queue-share.ts";
import { QueueRoom } from "./queue-room.ts";
import { offerLane } from "./serving.ts";
import type { EngineState } from "./state.ts";

/** The limits of the queues, as their rows say. To be called before lanes and tasks are read in. */
export function openRooms(state: EngineState): void {
  for (const { name, config } of state.queues.values()) {
    const { limit } = readQueueSettings(config);
    if (limit > 0) state.rooms.set(name, new QueueRoom(limit, shareOf(limit, state.place)));
  }
}

/** A limit that changes counts what runs now. What runs beyond it goes on; nothing more begins. @param limit 0: none. */
export function setRoom(state: EngineState, queue: string, limit: number): void {
  const before = state.rooms.get(queue);
  const room = limit === 0 ? null : new QueueRoom(limit, shareOf(limit, state.place));
  if (room === null) state.rooms.delete(queue);
  else {
    state.rooms.set(queue, room);
    for (const item of state.items.values())
      if (item.state === "running" && item.lane.key.queue === queue) room.running++;
  }
  for (const lane of state.lanes.values()) if (lane.key.queue === queue) lane.room = room;
  for (let lane = before?.takeBack(); lane != null; lane = before?.takeBack()) offerLane(state, lane);
  state.wake();
}

/** Others have come or gone: the shares are others. What runs beyond a smaller one goes on. */
export function setPlace(state: EngineState, place: Place): void {
  if (place.index === state.place.index && place.count === state.place.count) return;
  state.place = place;
  for (const room of state.rooms.values()) room.share = shareOf(room.limit, place);
  state.wake();
}

/**
 * Offers lanes that were set aside, as many as there is room for now.
 * @param reach how many for each free place: more when those before found no worker.
 * @returns whether there is more to match.
 */
export function takeLanesBack(state: EngineState, reach: number): boolean {
  let offered = false;
  for (const room of state.rooms.values())
    for (let left = room.free * reach; left > 0; ) {
      const lane = room.takeBack();
      if (lane === null) break;
      offerLane(state, lane);
      // One that has nothing any more, or nobody to serve it, leaves its place to the next.
      if (!state.listed.has(lane)) continue;
      offered = true;
      left--;
    }
  return offered;
}
