import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** The part of jest's `--json` result that the report reads. */
export interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly status: string;
    /** What jest says of a file that failed. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Lines of each failure that are said again at the end: a long log is read from there. */
const LINES_PER_FAILURE = 12;

/**
 * Lines with the time of each test file and folder, slowest first, then what failed, and last the line that counts the
 * tests.
 */
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
  return [...lines, ...failures(result, root), `${result.numPassedTests} passed, ${failed} failed`];
}

function failures(result: JestResult, root: string): string[] {
  return result.testResults.flatMap((file) => {
    const name = relative(root, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    if (failed.length === 0 && file.status === "failed") return [`FAILED ${name}`, ...shortened(file.message)];
    return failed.flatMap((test) => [
      `FAILED ${name} › ${test.fullName}`,
      ...shortened(test.failureMessages.join("\n")),
    ]);
  });
}

function shortened(message: string): string[] {
  const lines = stripVTControlCharacters(message).split("\n");
  return lines.filter((line) => line.trim() !== "").slice(0, LINES_PER_FAILURE);
}

function clock(seconds: number): string {
  return `${seconds.toFixed(1).padStart(7)} s`;
}
