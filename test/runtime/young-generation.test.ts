import { expect, test } from "@jest/globals";
import { Child } from "../support/child.ts";

/** Makes much that lives a while, as a coordinator does; gives the most that the young generation took, in MiB. */
async function peakOf(bounded: boolean, options: Readonly<Record<string, string>> = {}): Promise<number> {
  const child = new Child("test/support/churn.ts", [bounded ? "bounded" : "free"], options);
  const { code } = await child.exited;
  expect({ code, stderr: child.stderr }).toEqual({ code: 0, stderr: "" });
  return Number(child.stdout);
}

test("a heap whose young generation is bounded stays small where it would grow", async () => {
  // What Node.js does by itself; were it less, nothing would have to be bounded any more.
  expect(await peakOf(false)).toBeGreaterThan(45);
  expect(await peakOf(true)).toBeLessThan(40);
});

test("who starts Node.js with a bound of his own has that one", async () => {
  expect(await peakOf(true, { NODE_OPTIONS: "--max-semi-space-size=32" })).toBeGreaterThan(40);
  expect(await peakOf(true, { NODE_OPTIONS: "--max-semi-space-size=2" })).toBeLessThan(10);
});
