import { readQueueSettings } from "../kernel/queue-settings.ts";
import { offerLane, withdrawLane } from "./serving.ts";
import type { EngineState } from "./state.ts";
import { setRoom } from "./throttle.ts";

/** Takes over what another coordinator has set. */
export async function readQueues(state: EngineState): Promise<void> {
  for (const row of await state.store.catalog.queues()) {
    const paused = state.queues.get(row.name)?.paused ?? false;
    state.queues.set(row.name, row);
    const { limit } = readQueueSettings(row.config);
    if (limit !== (state.rooms.get(row.name)?.limit ?? 0)) setRoom(state, row.name, limit);
    if (row.paused === paused) continue;
    for (const lane of state.lanes.values())
      if (lane.key.queue === row.name) (row.paused ? withdrawLane : offerLane)(state, lane);
  }
  state.wake();
}
