import { callsOf, type Facts } from "./facts.ts";
import { extraStarts } from "./leases.ts";

/** What must have happened for a run to show anything. Counts, never rates: a slow machine shows as much as a fast one. */
export interface Minimums {
  /** Submits that were acknowledged before the fault. */
  readonly before: number;
  /** Commands that ran when it came. */
  readonly running: number;
  /** Calls that were made while it lasted. */
  readonly during: number;
  /** Submits that were acknowledged, and commands that ended, after it. */
  readonly after: number;
  /** Locks that were given. */
  readonly grants: number;
  /** Commands that were started again because of it. */
  readonly extraStarts: number;
}

export const USUAL: Minimums = { before: 20, running: 10, during: 5, after: 5, grants: 5, extraStarts: 0 };

/** When the fault came and went, and by what it was seen to have come. */
export interface FaultMark {
  readonly applied: number;
  readonly healed: number;
  /** Empty: nothing shows that it took effect. */
  readonly bit: readonly string[];
}

/** Why a run shows nothing, in sentences: nobody may take it for a proof. None: it counts. */
export function vacuous(facts: Facts, { applied, healed, bit }: FaultMark, least: Minimums): string[] {
  const acknowledged = facts.submits.filter(({ outcome }) => outcome === "ok");
  const begun = facts.ledger.filter(({ what, t }) => what === "start" && t <= applied).length;
  const ended = facts.ledger.filter(({ what, t }) => what === "end" && t <= applied).length;
  const figures: readonly (readonly [string, number, number])[] = [
    ["submits acknowledged before the fault", acknowledged.filter((call) => call.ended < applied).length, least.before],
    ["commands ended before the fault", ended, 1],
    ["commands running when the fault came", begun - ended, least.running],
    [
      "calls made while the fault lasted",
      facts.calls.filter(({ began }) => began >= applied && began <= healed).length,
      least.during,
    ],
    ["submits acknowledged after the fault", acknowledged.filter((call) => call.began > healed).length, least.after],
    [
      "commands ended after the fault",
      facts.ledger.filter(({ what, t }) => what === "end" && t > healed).length,
      least.after,
    ],
    ["locks given", callsOf(facts.calls, "acquire").filter(({ answer }) => answer?.acquired).length, least.grants],
    ["commands started again", extraStarts(facts), least.extraStarts],
  ];
  return [
    ...figures
      .filter(([, seen, wanted]) => seen < wanted)
      .map(([what, seen, wanted]) => `${what}: ${seen} of at least ${wanted}`),
    ...(bit.length === 0 ? ["nothing shows that the fault took effect"] : []),
  ];
}
