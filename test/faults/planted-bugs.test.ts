import { expect, test } from "@jest/globals";
import { PLANTED_BUGS } from "./catalogue/planted-bugs.ts";
import { FAULT_TIMEOUT_MS } from "./run-in-jest.ts";
import { wrongs } from "./system/report-line.ts";
import { isCaught, runPlanted } from "./system/run-planted.ts";

/** The two that are found soonest; `npm run faults -- --planted` plants all. */
test.each(PLANTED_BUGS.slice(0, 2))(
  "the checker finds $name: $says",
  async (bug) => {
    const result = await runPlanted(bug, 1);
    expect([isCaught(bug, result), wrongs(result)]).toEqual([true, expect.anything()]);
  },
  FAULT_TIMEOUT_MS,
);
