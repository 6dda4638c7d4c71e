import { describe, test } from "@jest/globals";

/** `test` where this machine can do what it needs; elsewhere it is skipped, and the run says why. */
export function testWhere(possible: boolean, why: string): typeof test | typeof test.skip {
  if (possible) return test;
  tell(why);
  return test.skip;
}

/** The same for a group. */
export function describeWhere(possible: boolean, why: string): typeof describe | typeof describe.skip {
  if (possible) return describe;
  tell(why);
  return describe.skip;
}

function tell(why: string): void {
  process.stderr.write(`skipped: ${why}\n`);
}
