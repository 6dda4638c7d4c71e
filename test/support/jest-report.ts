import { relative } from "node:path";

/** The part of jest's `--json` result that the report reads. */
export interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[];
}

/** Lines with the time of each test file and folder, slowest first, and the line that counts the tests. */
export function reportLines(result: JestResult, root: string): string[] {
  const files = result.testResults.map((file) => ({
    name: relative(root, file.name),
    seconds: Math.max(0, file.endTime - file.startTime) / 1_000,
  }));
  const groups = Map.groupBy(files, (file) => file.name.split("/").slice(0, 2).join("/"));
  const lines: string[] = [];
  for (const [group, members] of groups) {
    members.sort((a, b) => b.seconds - a.seconds);
    lines.push(`${clock(members.reduce((sum, file) => sum + file.seconds, 0))}  ${group}`);
    for (const file of members) lines.push(`${clock(file.seconds)}      ${file.name}`);
  }
  // A file that does not load has no tests to count, and still fails.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return [...lines, `${result.numPassedTests} passed, ${failed} failed`];
}

function clock(seconds: number): string {
  return `${seconds.toFixed(1).padStart(7)} s`;
}
