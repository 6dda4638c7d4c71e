import type { TaskHead } from "../ports/rows.ts";
import { returnItem, takeInHand } from "./fill.ts";
import type { Item } from "./item.ts";
import type { Lane } from "./lanes.ts";
import type { EngineState } from "./state.ts";

/** A task that may start soon waits in the wheel. @param dueAt ms since 1970, within the horizon. */
export function rest(state: EngineState, head: TaskHead, lane: Lane, dueAt: number): Item {
  const item = takeInHand(state, head, lane, "resting");
  restItem(state, item, dueAt);
  return item;
}

export function restItem(state: EngineState, item: Item, dueAt: number): void {
  item.state = "resting";
  item.dueAt = dueAt;
  const wait = Math.max(dueAt - state.clock.now(), 0);
  item.timer = state.wheel.add(state.clock.monotonic() + wait, () => {
    item.timer = null;
    state.observer.timerLag(Math.max(state.clock.now() - dueAt, 0));
    returnItem(state, item);
  });
}
