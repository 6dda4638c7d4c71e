import type { Evidence, Violation } from "../evidence/types.ts";
import { factsOf } from "./facts.ts";
import { RULES } from "./rules.ts";

/** More of one rule say nothing new. */
const SHOWN = 5;

/** Every breach of a rule that the evidence shows. */
export function checkRun(evidence: Evidence): Violation[] {
  const facts = factsOf(evidence);
  return Object.entries(RULES).flatMap(([rule, { breaches }]) => {
    const found = [...breaches(facts)];
    const more = found.length > SHOWN ? [{ rule, says: `… and ${found.length - SHOWN} more` }] : [];
    return [...found.slice(0, SHOWN).map((says) => ({ rule, says })), ...more];
  });
}
