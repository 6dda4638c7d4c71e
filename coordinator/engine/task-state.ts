import type { TaskState } from "../kernel/decide.ts";
import type { Item } from "./item.ts";

/** An item in the words of the state machine. */
export function stateOf(item: Item): TaskState {
  if (item.state === "running")
    return {
      status: "running",
      attempts: item.attempts,
      released: item.released,
      token: item.token,
      cancelRequested: item.cancelRequestedAt > 0,
    };
  if (item.state === "ending") return { status: "ended", token: item.token };
  return { status: "waiting", attempts: item.attempts, released: item.released };
}
