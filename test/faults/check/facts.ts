import type {
  AcquireCall,
  Call,
  Disturbance,
  Evidence,
  FinalTask,
  LedgerLine,
  Status,
  SubmitCall,
  Wanted,
} from "../evidence/types.ts";

/** The evidence of a run, put in the order in which rules ask for it. */
export interface Facts extends Evidence {
  readonly byId: ReadonlyMap<string, FinalTask>;
  readonly submits: readonly SubmitCall[];
  /** What was asked for, by the id that was answered. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** Starts of a task, in the order of the ledger. */
  readonly starts: ReadonlyMap<string, readonly LedgerLine[]>;
  /** Lines of one run of a command. */
  run(start: LedgerLine): readonly LedgerLine[];
}

export function factsOf(evidence: Evidence): Facts {
  const submits = callsOf(evidence.calls, "submit");
  const wanted = new Map<string, Wanted>();
  for (const { tasks, answer } of submits)
    for (const [index, { id }] of (answer ?? []).entries())
      if (id !== undefined) wanted.set(id, tasks[index] as Wanted);
  const starts = Map.groupBy(
    evidence.ledger.filter(({ what }) => what === "start"),
    ({ task }) => task,
  );
  const runs = Map.groupBy(evidence.ledger, runKey);
  return {
    ...evidence,
    byId: new Map(evidence.final.map((task) => [task.id, task])),
    submits,
    wanted,
    starts,
    run: (start) => runs.get(runKey(start)) ?? [],
  };
}

const runKey = ({ task, token, pid }: LedgerLine) => `${task} ${token} ${pid}`;

export function callsOf<O extends Call["op"]>(calls: readonly Call[], op: O): Extract<Call, { op: O }>[] {
  return calls.filter((call): call is Extract<Call, { op: O }> => call.op === op);
}

export function isOver(status: Status): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** Whether the agent could not act, or be heard, at some time between these two. */
export function wasDisturbed(disturbed: readonly Disturbance[], agent: string, from: number, to: number): boolean {
  return disturbed.some((one) => one.agent === agent && one.from <= to && one.to >= from);
}

/** The end that the command wrote of itself; undefined: it was ended, or it runs. */
export function endOf(facts: Facts, start: LedgerLine): LedgerLine | undefined {
  return facts.run(start).find(({ what }) => what === "end");
}

export function lastSignOf(facts: Facts, start: LedgerLine): number {
  return Math.max(...facts.run(start).map(({ t }) => t));
}

/** A lock that was given, with the call that got it. */
export type Grant = AcquireCall & { readonly answer: { readonly acquired: true; readonly token: number } };

export function grantsOf(facts: Facts): Map<string, Grant[]> {
  const granted = callsOf(facts.calls, "acquire").filter((call): call is Grant => call.answer?.acquired === true);
  return Map.groupBy(granted, ({ lock }) => lock);
}

/** Pairs of neighbours. */
export function pairs<T>(items: readonly T[]): (readonly [T, T])[] {
  return items.slice(1).map((item, index) => [items[index] as T, item] as const);
}
