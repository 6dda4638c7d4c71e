import { parseArgs } from "node:util";
import { BUGS } from "./bugs.ts";
import { type Outcome, runHistory } from "./history.ts";
import { reportOf } from "./report.ts";

/**
 * `node test/simulation/run.ts [--seed N] [--histories M] [--seconds S] [--tail L]`: as many histories, or as long; each has the seed
 * of the one before and one. Ends at the first that breaks a rule.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    histories: { type: "string" },
    seconds: { type: "string" },
    tail: { type: "string", default: "50" },
    bug: { type: "string" },
  },
});
const bug = values.bug === undefined ? undefined : BUGS[values.bug];
if (values.bug !== undefined && bug === undefined)
  throw new Error(`there is no bug ${values.bug}; there are ${Object.keys(BUGS).join(", ")}`);
const first = Number(values.seed ?? Date.now() % 1_000_000_000);
const most = values.histories === undefined ? Number.POSITIVE_INFINITY : Number(values.histories);
const began = performance.now();
const cpuBefore = process.cpuUsage();
const endsAt = began + Number(values.seconds ?? (values.histories === undefined ? 60 : 86_400)) * 1_000;
const sum = { histories: 0, happened: 0, tasks: 0, runs: 0, commits: 0, coordinators: 0, simulatedMs: 0 };
let failed: Outcome | null = null;
while (sum.histories < most && performance.now() < endsAt && failed === null) {
  const outcome = await runHistory(first + sum.histories, bug);
  sum.histories++;
  sum.simulatedMs += outcome.time;
  for (const key of ["happened", "tasks", "runs", "commits", "coordinators"] as const) sum[key] += outcome[key];
  if (outcome.violation !== null) failed = outcome;
  if (most === 1) process.stdout.write(`trace ${outcome.hash}\n`);
  // Signals have their turn.
  await new Promise((resolve) => setImmediate(resolve));
}
const tookS = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
const cpuS = (user + system) / 1e6;
process.stdout.write(
  `seeds ${first}–${first + sum.histories - 1}: ${sum.histories} histories in ${tookS.toFixed(1)} s (${perMinute(tookS)}/min, ${perMinute(cpuS)} a minute of processor), ` +
    `${Math.round(sum.simulatedMs / 1_000)} simulated s, ${sum.happened} steps, ${sum.coordinators} runs of coordinators, ` +
    `${sum.commits} commits, ${sum.tasks} tasks, ${sum.runs} attempts\n`,
);
if (failed !== null) {
  process.stdout.write(`${reportOf(failed, Number(values.tail), values.bug)}\n`);
  process.exitCode = 1;
}

/** Histories in a minute of this. */
function perMinute(seconds: number): number {
  return Math.round((sum.histories / seconds) * 60);
}
