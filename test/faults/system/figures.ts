import { callsOf, type Facts } from "../check/facts.ts";
import { extraStarts } from "../check/leases.ts";
import type { LedgerLine } from "../evidence/types.ts";

/** What was measured in a run. Printed, never asserted. */
export interface Figures {
  readonly parts: readonly PartFigures[];
  readonly counts: string;
  /** Longest time without an acknowledged submit from the fault on, ms. */
  readonly pauseMs: number;
}

/** Recovery of what a fault met: of a coordinator's waiting tasks, or of the tasks that an agent ran. */
export interface PartFigures {
  readonly part: string;
  /** From the fault to the first start; undefined: none came. */
  readonly leaseMs: number | undefined;
  /** To the first end; of what an agent ran, which ends only when it is let, there is none. */
  readonly endMs: number | undefined;
  readonly isBack: boolean;
}

export interface Measured {
  readonly lines: readonly LedgerLine[];
  readonly applied: number;
  /** What recovery counts from. */
  readonly from: number;
  /** Coordinators and agents. */
  readonly named: readonly string[];
  /** Tasks that waited in the shards of a coordinator when the fault came. */
  readonly probes: ReadonlyMap<string, readonly string[]>;
  /** Tasks that an agent ran when the fault came. */
  readonly running: ReadonlyMap<string, readonly string[]>;
}

export function figuresOf({ lines, applied, from, named, probes, running }: Measured): Pick<Figures, "parts"> {
  const since = lines.filter(({ t }) => t >= applied);
  const firstOf = (what: string, tasks: readonly string[], least: number) => {
    const found = since.find((line) => line.what === what && line.attempt >= least && tasks.includes(line.task));
    return found === undefined ? undefined : Math.max(0, found.t - from);
  };
  const parts = named.map((part): PartFigures => {
    const waited = probes.get(part);
    if (waited === undefined) {
      const leaseMs = firstOf("start", running.get(part) ?? [], 2);
      return { part, leaseMs, endMs: undefined, isBack: leaseMs !== undefined };
    }
    const [leaseMs, endMs] = [firstOf("start", waited, 1), firstOf("end", waited, 1)];
    return { part, leaseMs, endMs, isBack: endMs !== undefined };
  });
  return { parts };
}

export function countsOf(facts: Facts, applied: number): Pick<Figures, "counts" | "pauseMs"> {
  const { calls, final, starts, submits } = facts;
  const runs = [...starts.values()].reduce((sum, all) => sum + all.length, 0);
  const inDoubt = calls.filter(({ outcome }) => outcome === "info").length;
  const grants = callsOf(calls, "acquire").filter(({ answer }) => answer?.acquired).length;
  const acks = submits.filter(({ outcome, ended }) => outcome === "ok" && ended >= applied).map(({ ended }) => ended);
  let pauseMs = 0;
  let last = applied;
  for (const at of acks.sort((a, b) => a - b)) {
    pauseMs = Math.max(pauseMs, at - last);
    last = at;
  }
  const counts = `${final.length} tasks, ${runs} runs, ${extraStarts(facts)} extra, ${calls.length} calls, ${inDoubt} in doubt, ${grants} locks`;
  return { counts, pauseMs };
}
