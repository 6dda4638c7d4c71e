import type { AcquireCall, Call, Evidence, FinalTask, LedgerLine } from "../evidence/types.ts";

/** One way in which a run can be wrong, done to a run that is right. */
export interface Mutation {
  readonly name: string;
  readonly rule: string;
  readonly apply: (evidence: Evidence) => Evidence;
}

type Change<T> = (item: T) => Partial<T> | T[];

/** Changes the first item that fits: into another, into several, or into none. @throws Error when none fits. */
export function change<T>(items: readonly T[], fits: (item: T) => boolean, how: Change<T>): T[] {
  const at = items.findIndex(fits);
  if (at < 0) throw new Error("nothing to change");
  const changed = how(items[at] as T);
  return items.toSpliced(at, 1, ...(Array.isArray(changed) ? changed : [{ ...(items[at] as T), ...changed }]));
}

export const inFinal =
  (fits: (task: FinalTask) => boolean, how: Change<FinalTask>) =>
  (evidence: Evidence): Evidence => ({ ...evidence, final: change(evidence.final, fits, how) });

export const inCalls =
  (fits: (call: Call) => boolean, how: (call: never) => object | Call[]) =>
  (evidence: Evidence): Evidence => ({ ...evidence, calls: change(evidence.calls, fits, how as Change<Call>) });

export const inLedger =
  (
    fits: (line: LedgerLine, evidence: Evidence) => boolean,
    how: (line: LedgerLine, all: Evidence) => Partial<LedgerLine> | LedgerLine[],
  ) =>
  (evidence: Evidence): Evidence => ({
    ...evidence,
    ledger: change(
      evidence.ledger,
      (line) => fits(line, evidence),
      (line) => how(line, evidence),
    ),
  });

export const attemptsOf = (count: number) => (task: FinalTask) => task.attempts.length >= count;
export const isKind = (kind: string, evidence: Evidence, task: string) =>
  evidence.calls.some(
    (call) => call.op === "submit" && call.tasks.some((one, at) => one.kind === kind && call.answer?.[at]?.id === task),
  );
export const grant = (turn: number) => (call: Call) => call.op === "acquire" && call.client === `l${turn}`;
export const tokenOf = (evidence: Evidence, turn: number) =>
  (evidence.calls.find(grant(turn)) as AcquireCall).answer?.token ?? 0;
export const succeeded = ({ status }: FinalTask) => status === "succeeded";
export const submitted = (call: Call) => call.op === "submit" && call.outcome === "ok";
