import type { SystemView } from "../stats/view.ts";
import { countText, spanText } from "../words.ts";
import type { Finding, Rule, SeverityName } from "./rule.ts";
import { RULES } from "./table.ts";

/** A problem stays open this long after its rule has last held, so that it does not flicker. */
export const LINGER_MS = 10_000;

export interface OpenProblem extends Finding {
  /** Code and subject: one problem, however often its rule holds. */
  readonly id: string;
  readonly code: string;
  readonly severity: SeverityName;
  readonly alert: string;
  /** Since when its rule holds. */
  readonly since: number;
  readonly lastHeld: number;
  /** Its rule has held for as long as it must. */
  readonly open: boolean;
}

export interface Judgement {
  /** Also what has not held for long enough yet. */
  readonly known: ReadonlyMap<string, OpenProblem>;
  /** Open ones, worst first. */
  readonly open: readonly OpenProblem[];
  readonly opened: readonly OpenProblem[];
  readonly closed: readonly OpenProblem[];
}

export const NOTHING_KNOWN: Judgement = { known: new Map(), open: [], opened: [], closed: [] };

/** What is wrong in this second, given what was before. */
export function judge(before: Judgement, view: SystemView, rules: readonly Rule[] = RULES): Judgement {
  const known = new Map<string, OpenProblem>();
  for (const rule of rules)
    for (const finding of rule.find(view)) {
      const id = `${rule.code}:${finding.subject}`;
      const past = before.known.get(id);
      const since = past?.since ?? view.at;
      const open = past?.open === true || view.at - since >= rule.forMs;
      const { code, severity, alert } = rule;
      known.set(id, { ...finding, id, code, severity, alert: alert.name, since, lastHeld: view.at, open });
    }
  const closed: OpenProblem[] = [];
  for (const [id, past] of before.known) {
    if (known.has(id) || !past.open) continue;
    if (view.at - past.lastHeld < LINGER_MS) known.set(id, past);
    else closed.push(past);
  }
  const open = [...known.values()].filter((problem) => problem.open).sort(worseFirst);
  const opened = open.filter(({ id }) => before.known.get(id)?.open !== true);
  return { known, open, opened, closed };
}

const RANK: Readonly<Record<SeverityName, number>> = { critical: 0, warning: 1, info: 2 };

function worseFirst(a: OpenProblem, b: OpenProblem): number {
  const place = (problem: OpenProblem) => RULES.findIndex(({ code }) => code === problem.code);
  return RANK[a.severity] - RANK[b.severity] || place(a) - place(b) || b.weight - a.weight || (a.id < b.id ? -1 : 1);
}

export interface VerdictView {
  readonly severity: SeverityName | null;
  readonly sentence: string;
  readonly problemId: string;
}

/** One sentence a tired person can read: the worst problem, or how well it goes. */
export function verdictOf(open: readonly OpenProblem[], view: SystemView): VerdictView {
  const worst = open.find(({ severity }) => severity !== "info");
  if (worst !== undefined) {
    const others = open.filter(({ severity }) => severity !== "info").length - 1;
    const more = others === 0 ? "" : ` ${others} more ${others === 1 ? "problem" : "problems"}.`;
    return { severity: worst.severity, sentence: `${worst.summary}${more}`, problemId: worst.id };
  }
  const [known] = open;
  return {
    severity: known === undefined ? null : "info",
    sentence: `Healthy: ${quiet(view)}${known === undefined ? "" : ` ${known.summary}`}`,
    problemId: known?.id ?? "",
  };
}

function quiet({ totals }: SystemView): string {
  const { states, slots, slotsUsed, outPerMinute, wait, oldestReadyMs } = totals;
  const free = `${countText(Math.max(slots - slotsUsed, 0))} of ${countText(slots)} slots free.`;
  if (outPerMinute === 0 && states.ready === 0 && states.running === 0) return `nothing waits, ${free}`;
  const p95 = wait.p95Ms === undefined ? "" : `, p95 wait ${spanText(wait.p95Ms)}`;
  const oldest = oldestReadyMs === undefined ? "" : `, oldest ready ${spanText(oldestReadyMs)}`;
  return `${countText(outPerMinute)} ${outPerMinute === 1 ? "task" : "tasks"} a minute${p95}${oldest}, ${free}`;
}
