import { buildMachine, type PatternMachine } from "./pattern-machine.ts";
import { encodedFormsOf, formsOf } from "./secret-forms.ts";
import { acrossBreaks } from "./wrapped-scanner.ts";

/** What finds the values of one attempt. */
export interface Machines {
  readonly plain: PatternMachine;
  /** Its patterns may be broken into lines anywhere. */
  readonly wrapped: PatternMachine;
}

/** The same for the same values, in whatever order: the numbers of their states mean the same to the next agent. */
export function machinesOf(values: readonly string[]): Machines {
  const sorted = [...new Set(values)].sort();
  return {
    plain: buildMachine(sorted.flatMap(formsOf)),
    wrapped: acrossBreaks(buildMachine(sorted.flatMap(encodedFormsOf))),
  };
}
