import { testFaults } from "./run-in-jest.ts";

/** Faults by which workers are lost: what they ran is started again, within its limits, and counts once. */
testFaults("short", ["link-half-open"]);
