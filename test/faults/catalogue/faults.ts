import type { Fault } from "../system/fault.ts";
import { AGENT_FAULTS } from "./agents.ts";
import { COORDINATOR_FAULTS } from "./coordinators.ts";
import { LINK_FAULTS } from "./links.ts";
import { POSTGRES_FAULTS } from "./postgres.ts";
import { REDIS_FAULTS } from "./redis.ts";
import { reconnectStorm } from "./storm.ts";

/** Every fault, in the order in which they are run. */
export const FAULTS: readonly Fault[] = [
  ...COORDINATOR_FAULTS,
  ...AGENT_FAULTS,
  ...REDIS_FAULTS,
  ...POSTGRES_FAULTS,
  ...LINK_FAULTS,
  reconnectStorm(1_000),
];
