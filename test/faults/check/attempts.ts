import { CLOCK_GRAIN_MS } from "../evidence/run-clock.ts";
import { endOf, type Facts, lastSignOf, pairs, wasDisturbed } from "./facts.ts";

/** Rules about attempts. */

/** No task is started more often than it may be, lost attempts counted. */
export function* tooMany({ starts, wanted }: Facts): Generator<string> {
  for (const [task, runs] of starts) {
    const limit = wanted.get(task)?.maxAttempts ?? Number.POSITIVE_INFINITY;
    if (runs.length > limit) yield `task ${task} was started ${runs.length} times; its limit is ${limit}`;
  }
}

/** Attempts are numbered 1, 2, 3 … without a gap, each has one end, and each was started once at most. */
export function* gaps({ final, starts }: Facts): Generator<string> {
  for (const { id, status, attempts } of final) {
    const counted = attempts.filter(({ outcome }) => outcome !== "released");
    for (const [index, { number, outcome }] of counted.entries()) {
      if (number !== index + 1) yield `task ${id}: its attempt ${index + 1} is numbered ${number}`;
      if (outcome === "none" && status !== "waiting" && status !== "running")
        yield `task ${id}: attempt ${number} has no end`;
    }
    const runs = starts.get(id) ?? [];
    for (const [attempt, same] of Map.groupBy(runs, (run) => run.attempt))
      if (same.length > 1) yield `task ${id}: attempt ${attempt} was started ${same.length} times`;
    for (const { attempt } of runs)
      if (!attempts.some(({ number }) => number === attempt))
        yield `task ${id}: attempt ${attempt} was started, and is not known`;
  }
}

/** After a failure the pause of its policy is kept, at least. */
export function* hasty(facts: Facts): Generator<string> {
  for (const [task, runs] of facts.starts) {
    const pause = facts.wanted.get(task)?.intervalMs ?? 0;
    for (const [a, b] of pairs(runs)) {
      const end = endOf(facts, a);
      if (end === undefined || end.code === 0 || end.t > b.t) continue;
      const failed = facts.byId.get(task)?.attempts.find(({ token }) => token === a.token);
      if (failed?.reason !== "exit_code") continue;
      if (b.t - end.t < pause - CLOCK_GRAIN_MS)
        yield `task ${task}: attempt ${b.attempt} began ${Math.round(b.t - end.t)} ms after a failure; its pause is ${pause} ms`;
    }
  }
}

/** Nothing runs past its timeout and grace, where its agent can act. */
export function* overtime(facts: Facts): Generator<string> {
  for (const [task, runs] of facts.starts) {
    const { timeoutMs = 0, graceMs = 0 } = facts.wanted.get(task) ?? {};
    if (timeoutMs === 0) continue;
    for (const run of runs) {
      const sign = lastSignOf(facts, run);
      const longest = timeoutMs + graceMs + facts.terms.slackMs;
      if (sign - run.t > longest && !wasDisturbed(facts.disturbed, run.agent, run.t, sign))
        yield `task ${task}: attempt ${run.attempt} ran for ${Math.round(sign - run.t)} ms; its timeout is ${timeoutMs} ms`;
    }
  }
}
