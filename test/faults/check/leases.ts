import { CLOCK_GRAIN_MS } from "../evidence/run-clock.ts";
import { endOf, type Facts, lastSignOf, pairs, wasDisturbed } from "./facts.ts";

/** Rules about leases and their fences. */

/** Of a task, later attempts have higher fences, and no two runs share one. */
export function* fences({ starts, final }: Facts): Generator<string> {
  for (const [task, runs] of starts) {
    for (const [token, same] of Map.groupBy(runs, (run) => run.token))
      if (same.length > 1) yield `task ${task} was started ${same.length} times under token ${token}`;
    for (const [a, b] of pairs(runs.toSorted((one, other) => one.attempt - other.attempt)))
      if (a.attempt < b.attempt && a.token >= b.token)
        yield `task ${task}: attempt ${b.attempt} has token ${b.token}, attempt ${a.attempt} had ${a.token}`;
  }
  for (const { id, attempts } of final)
    for (const [a, b] of pairs(attempts))
      if (a.token >= b.token) yield `task ${id}: attempt ${b.number} has token ${b.token}, the one before ${a.token}`;
}

/** The result that stands was written under the newest fence, by a run that ended as is said. */
export function* staleResult({ final, starts, ...facts }: Facts): Generator<string> {
  for (const { id, status, result, attempts, exitCode, reason } of final) {
    const last = attempts.at(-1);
    const runs = starts.get(id) ?? [];
    if (status === "succeeded" && result !== String(last?.token))
      yield `task ${id} succeeded with the result of token ${result}; its newest attempt has ${last?.token}`;
    if (status !== "succeeded" && !(status === "failed" && reason === "exit_code")) continue;
    const run = runs.find(({ token }) => token === last?.token);
    const code = run === undefined ? undefined : endOf({ final, starts, ...facts }, run)?.code;
    const said = status === "succeeded" ? 0 : exitCode;
    if (code !== said)
      yield `task ${id} ended with exit code ${said}; the command of token ${last?.token} wrote ${code ?? "none"}`;
  }
}

/** At most one live lease: as the server tells it, an attempt is over before the next is leased. */
export function* twoLeases({ final }: Facts): Generator<string> {
  for (const { id, attempts } of final)
    for (const [a, b] of pairs(attempts))
      if (a.outcome === "none" || a.endedAt > b.leasedAt)
        yield `task ${id}: attempt ${b.number} was leased while attempt ${a.number} had not ended`;
}

/** One accepted end per attempt, one success per task, and it is the last. */
export function* twoCompletions({ final }: Facts): Generator<string> {
  for (const { id, status, attempts } of final) {
    const successes = attempts.filter(({ outcome }) => outcome === "succeeded");
    if (successes.length > 1) yield `task ${id} has ${successes.length} attempts that succeeded`;
    if (successes.length > 0 && attempts.at(-1) !== successes[0])
      yield `task ${id} went on after attempt ${successes[0]?.number} had succeeded`;
    if ((status === "succeeded") !== (successes.length === 1) && status !== "cancelled")
      yield `task ${id} is ${status} with ${successes.length} attempts that succeeded`;
  }
}

/** The machine stood still for so long that an agent may have been silent for want of a processor. */
const stoodStill = ({ terms }: Facts) => terms.stalledMs > terms.leaseTtlMs / 2;

/**
 * An agent that can act ends what it has lost before it runs elsewhere (not judged where the machine stood still); what one
 * left behind is gone when all is over.
 */
export function* overlap(facts: Facts): Generator<string> {
  for (const [task, runs] of stoodStill(facts) ? [] : facts.starts)
    for (const [a, b] of pairs(runs)) {
      const sign = lastSignOf(facts, a);
      if (sign <= b.t + CLOCK_GRAIN_MS || wasDisturbed(facts.disturbed, a.agent, a.t, sign)) continue;
      yield `task ${task}: attempt ${a.attempt} ran on at ${a.agent} for ${Math.round(sign - b.t)} ms beside attempt ${b.attempt}`;
    }
  for (const { task, attempt, agent, pid } of facts.alive)
    yield `task ${task}: the command of attempt ${attempt} (pid ${pid} of ${agent}) outlived everything`;
}

/** No false loss: what has not ended is started again only when its agent could not act or be heard. Judged as `overlap` is. */
export function* falseLoss(facts: Facts): Generator<string> {
  if (stoodStill(facts)) return;
  for (const [task, runs] of facts.starts)
    for (const [a, b] of pairs(runs)) {
      const end = endOf(facts, a);
      if (end !== undefined && end.t <= b.t + CLOCK_GRAIN_MS) continue;
      if (wasDisturbed(facts.disturbed, a.agent, a.t, b.t)) continue;
      yield `task ${task} was started again (attempt ${b.attempt}) while attempt ${a.attempt} ran at ${a.agent}, which nothing had disturbed`;
    }
}

/** Starts of what had not ended by itself. */
export function extraStarts(facts: Facts): number {
  return [...facts.starts.values()].flatMap((runs) =>
    pairs(runs).filter(([a, b]) => (endOf(facts, a)?.t ?? Number.POSITIVE_INFINITY) > b.t + CLOCK_GRAIN_MS),
  ).length;
}
