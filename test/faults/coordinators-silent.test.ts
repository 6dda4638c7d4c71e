import { testFaults } from "./run-in-jest.ts";

/** A coordinator that lives and says nothing: the other takes over, and what it does when it wakes is refused. */
testFaults("watchful", ["coordinator-stopped"]);
