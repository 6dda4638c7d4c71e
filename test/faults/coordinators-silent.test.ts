import { testFaults } from "./run-in-jest.ts";

/** Coordinators that live and say nothing: the other takes over, and what they do when they wake is refused. */
testFaults("watchful", ["coordinator-stopped", "database-link-silent"]);
