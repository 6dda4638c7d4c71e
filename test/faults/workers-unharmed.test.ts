import { testFaults } from "./run-in-jest.ts";

/** Faults that no worker notices for longer than its term: nothing may be lost, and nothing started again. */
testFaults("patient", [
  "agent-killed",
  "coordinator-killed",
  "redis-stopped",
  "redis-emptied",
  "redis-restarted",
  "postgres-restarted",
  "postgres-sessions-killed",
  "links-reset",
  "rolling-restart",
]);
