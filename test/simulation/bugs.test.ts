import { expect, test } from "@jest/globals";
import { BUGS } from "./bugs.ts";
import { runHistory } from "./history.ts";

/** Each is found within so many histories. */
const HISTORIES = 150;

// A rule that no bug breaks proves nothing: each of these must be found, and soon.
test.each(Object.entries(BUGS))(
  "finds: %s",
  async (_name, bug) => {
    for (let seed = 1; seed <= HISTORIES; seed++) if ((await runHistory(seed, bug)).violation !== null) return;
    expect(`${HISTORIES} histories that broke no rule`).toBe("a rule that was broken");
  },
  300_000,
);
