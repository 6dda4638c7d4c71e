import type { Fault } from "./fault.ts";
import type { FaultResult } from "./run-fault.ts";

const seconds = (ms: number | undefined) => (ms === undefined ? "never" : `${(ms / 1_000).toFixed(2)} s`);

/** One line for people: the verdict, the measured recovery, and how much the verdict rests on. */
export function reportLine({ name, boundMs }: Fault, { violations, vacuous, figures }: FaultResult): string {
  const verdict = violations.length > 0 ? "BROKEN" : vacuous.length > 0 ? "EMPTY" : "ok";
  const parts = figures.parts.map(
    ({ part, leaseMs, endMs }) =>
      `${part} lease ${seconds(leaseMs)}${endMs === undefined ? "" : `, end ${seconds(endMs)}`}`,
  );
  const worst = Math.max(...figures.parts.map(({ leaseMs }) => leaseMs ?? Number.POSITIVE_INFINITY));
  const bound = `promised ${seconds(boundMs)}${worst > boundMs ? ", MISSED" : ""}`;
  return `${verdict.padEnd(6)} ${name.padEnd(25)} ${parts.join("; ")} (${bound}); longest pause of submits ${seconds(figures.pauseMs)}; ${figures.counts}`;
}

/** What is wrong with a run, one line each; none: nothing is. */
export function wrongs({ violations, vacuous }: FaultResult): string[] {
  return [...violations.map(({ rule, says }) => `${rule}: ${says}`), ...vacuous.map((why) => `shows nothing: ${why}`)];
}
