import {
  backlogOld,
  failing,
  failureSpike,
  limitBound,
  noWorker,
  pausedBacklog,
  retryStorm,
  saturated,
} from "./queue-rules.ts";
import type { Rule } from "./rule.ts";
import {
  heartbeatStalled,
  slowHandler,
  storeDown,
  storeSlow,
  workersDisconnected,
  workersLost,
} from "./system-rules.ts";

/** Every rule. Within a severity, what explains more stands before what it explains. */
export const RULES: readonly Rule[] = [
  storeDown,
  noWorker,
  failing,
  heartbeatStalled,
  workersDisconnected,
  workersLost,
  saturated,
  limitBound,
  retryStorm,
  failureSpike,
  storeSlow,
  slowHandler,
  backlogOld,
  pausedBacklog,
];

export function ruleOf(code: string): Rule {
  const rule = RULES.find((candidate) => candidate.code === code);
  if (rule === undefined) throw new Error(`there is no rule ${code}`);
  return rule;
}
