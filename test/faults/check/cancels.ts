import { CLOCK_GRAIN_MS } from "../evidence/run-clock.ts";
import { callsOf, type Facts, isOver, lastSignOf, wasDisturbed } from "./facts.ts";

/** Rules about cancels. */

/** A cancel that was accepted stands; one that came too late changes nothing. */
export function* undone({ calls, byId }: Facts): Generator<string> {
  for (const { id, answer } of callsOf(calls, "cancel")) {
    const task = byId.get(id);
    if (answer === undefined || task === undefined || !isOver(task.status)) continue;
    const tooLate = isOver(answer.status) && answer.status !== "cancelled";
    if (tooLate && answer.changed)
      yield `task ${id} had ended as ${answer.status}, and its cancel says that it changed that`;
    const due = tooLate ? answer.status : "cancelled";
    if (task.status !== due) yield `task ${id} was cancelled (answered ${answer.status}), and ended as ${task.status}`;
  }
}

/** After it was accepted nothing starts any more, and what runs is ended. */
export function* runsOn(facts: Facts): Generator<string> {
  for (const { id, answer, ended, outcome } of callsOf(facts.calls, "cancel")) {
    if (outcome !== "ok" || answer === undefined || (isOver(answer.status) && answer.status !== "cancelled")) continue;
    for (const run of facts.starts.get(id) ?? []) {
      const sign = lastSignOf(facts, run);
      if (wasDisturbed(facts.disturbed, run.agent, run.t - facts.terms.leaseTtlMs, sign)) continue;
      const late = run.t > ended + CLOCK_GRAIN_MS;
      // A lease that was on its way when the cancel came may start, and is ended.
      if (late && (answer.status === "cancelled" || run.attempt > answer.attempt))
        yield `task ${id}: attempt ${run.attempt} was started ${Math.round(run.t - ended)} ms after its cancel was accepted`;
      const grace = facts.wanted.get(id)?.graceMs ?? 0;
      if (sign > ended + 5_000 + grace + facts.terms.slackMs)
        yield `task ${id}: attempt ${run.attempt} ran on for ${Math.round(sign - ended)} ms after its cancel was accepted`;
    }
  }
}
