import { deliver } from "./send.ts";
import type { EngineState } from "./state.ts";

/** Workers hold a stream to each coordinator: they are told when these are others. */
export function tellCoordinators(state: EngineState, addresses: readonly string[]): void {
  const before = state.coordinators;
  if (addresses.length === before.length && addresses.every((address, at) => address === before[at])) return;
  state.coordinators = addresses;
  for (const session of state.sessions.values()) deliver(state, session, { coordinators: addresses });
}
