import type { AcquireCall, Call, Evidence, FinalTask, LedgerLine, SubmitCall } from "../evidence/types.ts";

/** One way in which a run can be wrong, done to a run that is right. */
export interface Mutation {
  readonly name: string;
  readonly rule: string;
  readonly apply: (evidence: Evidence) => Evidence;
}

type Change<T> = (item: T) => Partial<T> | T[];

/** Changes the first item that fits: into another, into several, or into none. @throws Error when none fits. */
function change<T>(items: readonly T[], fits: (item: T) => boolean, how: Change<T>): T[] {
  const at = items.findIndex(fits);
  if (at < 0) throw new Error("nothing to change");
  const changed = how(items[at] as T);
  return items.toSpliced(at, 1, ...(Array.isArray(changed) ? changed : [{ ...(items[at] as T), ...changed }]));
}

const inFinal =
  (fits: (task: FinalTask) => boolean, how: Change<FinalTask>) =>
  (evidence: Evidence): Evidence => ({ ...evidence, final: change(evidence.final, fits, how) });

const inCalls =
  (fits: (call: Call) => boolean, how: (call: never) => object | Call[]) =>
  (evidence: Evidence): Evidence => ({ ...evidence, calls: change(evidence.calls, fits, how as Change<Call>) });

const inLedger =
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

const attemptsOf = (count: number) => (task: FinalTask) => task.attempts.length >= count;
const isKind = (kind: string, evidence: Evidence, task: string) =>
  evidence.calls.some(
    (call) => call.op === "submit" && call.tasks.some((one, at) => one.kind === kind && call.answer?.[at]?.id === task),
  );
const grant = (turn: number) => (call: Call) => call.op === "acquire" && call.client === `l${turn}`;
const tokenOf = (evidence: Evidence, turn: number) =>
  (evidence.calls.find(grant(turn)) as AcquireCall).answer?.token ?? 0;
const succeeded = ({ status }: FinalTask) => status === "succeeded";
const submitted = (call: Call) => call.op === "submit" && call.outcome === "ok";

export const MUTATIONS: readonly Mutation[] = [
  { rule: "S1", name: "an acknowledged task is gone", apply: inFinal(succeeded, () => []) },
  {
    rule: "S2",
    name: "a task is there that nobody asked for",
    apply: inFinal(succeeded, (task) => [task, { ...task, id: "x", name: "x" }]),
  },
  {
    rule: "S2",
    name: "a task is there whose submit was refused",
    apply: (evidence) => ({
      ...evidence,
      calls: evidence.calls.map((call) =>
        call.op === "submit" && call.requestId === "q0"
          ? ({ ...call, outcome: "fail", code: "RESOURCE_EXHAUSTED", answer: undefined } as unknown as Call)
          : call,
      ),
    }),
  },
  { rule: "S3", name: "a task is there twice", apply: inFinal(succeeded, (task) => [task, { ...task, id: "x" }]) },
  {
    rule: "S3",
    name: "a key gave another id when it was repeated",
    apply: inCalls(submitted, (call: SubmitCall) => [call, { ...call, answer: call.answer!.map(() => ({ id: "x" })) }]),
  },
  {
    rule: "S3",
    name: "a key was accepted for another body",
    apply: inCalls(submitted, (call: SubmitCall) => [
      call,
      { ...call, requestId: "other", tasks: [{ ...call.tasks[0]!, name: "other" }], answer: [{ id: "x" }] },
    ]),
  },
  {
    rule: "S4",
    name: "a submit stayed in doubt",
    apply: inCalls(submitted, (call: SubmitCall) => ({
      ...call,
      outcome: "info",
      ended: Number.POSITIVE_INFINITY,
      answer: undefined,
    })),
  },
  {
    rule: "S5",
    name: "a read did not find what had been acknowledged",
    apply: inCalls(
      ({ op }) => op === "get",
      () => ({ outcome: "fail", code: "NOT_FOUND", answer: undefined }),
    ),
  },
  {
    rule: "S5",
    name: "a read did not show a cancel that had been acknowledged",
    apply: (evidence) => {
      const cancelled = evidence.calls.find(({ op }) => op === "cancel") as Call & { id: string };
      return inCalls(
        (call) => call.op === "get" && call.id === cancelled.id,
        () => ({ answer: { status: "waiting", reason: "ready", attempt: 0 } }),
      )(evidence);
    },
  },
  {
    rule: "S6",
    name: "half a message is there",
    apply: inFinal(
      ({ name }) => name === "m1-0",
      () => [],
    ),
  },
  {
    rule: "T1",
    name: "a task did not end",
    apply: inFinal(succeeded, () => ({ status: "running", reason: "executing" })),
  },
  {
    rule: "T2",
    name: "a watch saw two ends",
    apply: (evidence) => ({
      ...evidence,
      sights: change(
        evidence.sights,
        ({ status }) => status === "succeeded",
        (sight) => [sight, { ...sight, status: "failed", reason: "lost" }],
      ),
    }),
  },
  {
    rule: "T2",
    name: "a watch saw another end than the one that stands",
    apply: (evidence) => ({
      ...evidence,
      sights: change(
        evidence.sights,
        ({ status }) => status === "failed",
        () => ({ status: "cancelled", reason: "aborted" }),
      ),
    }),
  },
  {
    rule: "T3",
    name: "a watch saw a state that there is not",
    apply: (evidence) => ({
      ...evidence,
      sights: change(
        evidence.sights,
        ({ status }) => status === "waiting",
        () => ({ reason: "executing" }),
      ),
    }),
  },
  {
    rule: "T4",
    name: "an end was taken back",
    apply: inCalls(
      (call) => call.op === "get" && call.answer?.status === "succeeded",
      () => ({ answer: { status: "running", reason: "executing", attempt: 1 } }),
    ),
  },
  {
    rule: "L1",
    name: "a later attempt has a lower token",
    apply: inLedger(
      ({ what, attempt }) => what === "start" && attempt === 2,
      ({ token }) => ({ token: token - 100 }),
    ),
  },
  {
    rule: "L1",
    name: "one lease was run twice",
    apply: inLedger(
      ({ what }) => what === "start",
      (line) => [line, { ...line, pid: 1 }],
    ),
  },
  {
    rule: "L2",
    name: "the result of an old attempt stands",
    apply: inFinal(attemptsOf(2), ({ attempts }) => ({ result: String(attempts[0]!.token) })),
  },
  {
    rule: "L2",
    name: "an exit code stands that no command gave",
    apply: inFinal(
      ({ status }) => status === "failed",
      () => ({ exitCode: 3 }),
    ),
  },
  {
    rule: "L3",
    name: "two leases at a time",
    apply: inFinal(attemptsOf(2), ({ attempts: [first, ...rest] }) => ({
      attempts: [{ ...first!, endedAt: rest[0]!.leasedAt + 1 }, ...rest],
    })),
  },
  {
    rule: "L4",
    name: "two attempts succeeded",
    apply: inFinal(
      (task) => succeeded(task) && attemptsOf(2)(task),
      ({ attempts }) => ({ attempts: attempts.map((attempt) => ({ ...attempt, outcome: "succeeded" })) }),
    ),
  },
  {
    rule: "L5",
    name: "an attempt ran on at an agent that was well",
    apply: inLedger(
      ({ what, attempt, task }, all) => what === "beat" && attempt === 1 && isKind("flaky", all, task),
      ({ t, ...line }, all) => ({
        t: all.ledger.find(({ task, attempt }) => task === line.task && attempt === 2)!.t + 100,
      }),
    ),
  },
  {
    rule: "L5",
    name: "a command outlived everything",
    apply: (evidence) => ({ ...evidence, alive: evidence.ledger.slice(0, 1) }),
  },
  { rule: "L6", name: "a task was started again for no reason", apply: (evidence) => ({ ...evidence, disturbed: [] }) },
  {
    rule: "A1",
    name: "a task that may run once ran twice",
    apply: inLedger(
      ({ what, task }, all) => what === "start" && isKind("ok", all, task),
      (line) => [line, { ...line, attempt: 2, token: line.token + 0.5, pid: 1 }],
    ),
  },
  {
    rule: "A2",
    name: "an attempt is missing",
    apply: inFinal(attemptsOf(2), ({ attempts }) => ({ attempts: attempts.slice(1) })),
  },
  {
    rule: "A2",
    name: "an attempt has no end",
    apply: inFinal(attemptsOf(1), ({ attempts: [first, ...rest] }) => ({
      attempts: [{ ...first!, outcome: "none" }, ...rest],
    })),
  },
  {
    rule: "A3",
    name: "a retry came too early",
    apply: inLedger(
      ({ what, attempt, task }, all) => what === "start" && attempt === 2 && isKind("flaky", all, task),
      (line, all) => ({ t: all.ledger.find(({ what, task }) => what === "end" && task === line.task)!.t + 1 }),
    ),
  },
  {
    rule: "A4",
    name: "a command ran past its timeout",
    apply: inLedger(
      ({ what, task }, all) => what === "end" && isKind("ok", all, task),
      ({ t }) => ({ t: t + 60_000 }),
    ),
  },
  {
    rule: "C1",
    name: "a cancelled task succeeded",
    apply: (evidence) => {
      const cancelled = evidence.calls.find(({ op }) => op === "cancel") as Call & { id: string };
      return inFinal(
        ({ id }) => id === cancelled.id,
        () => ({ status: "succeeded", reason: "unspecified" }),
      )(evidence);
    },
  },
  {
    rule: "C2",
    name: "a cancelled task was started",
    apply: inLedger(
      ({ what, task }, all) => what === "start" && isKind("cancelled", all, task),
      (line) => [line, { ...line, attempt: 2, token: line.token + 0.5, pid: 1, t: line.t + 100_000 }],
    ),
  },
  {
    rule: "C2",
    name: "a cancelled task ran on",
    apply: inLedger(
      ({ what, task }, all) => what === "beat" && isKind("cancelled", all, task),
      ({ t }) => ({ t: t + 100_000 }),
    ),
  },
  {
    rule: "K1",
    name: "the token of a lock fell",
    apply: inCalls(grant(3), () => ({ answer: { acquired: true, token: 1 } })),
  },
  {
    rule: "K2",
    name: "two were given one token",
    apply: (evidence) =>
      inCalls(grant(3), () => ({ answer: { acquired: true, token: tokenOf(evidence, 2) } }))(evidence),
  },
  {
    rule: "K3",
    name: "an old holder wrote after the new one",
    apply: (evidence) => ({ ...evidence, effects: [...evidence.effects, { ...evidence.effects[0]!, t: 1e9 }] }),
  },
  {
    rule: "K4",
    name: "two held one lock",
    apply: (evidence) => {
      const first = evidence.calls.find(grant(1)) as AcquireCall;
      return inCalls(grant(2), () => ({ began: first.began, ended: first.ended + 1 }))(evidence);
    },
  },
  {
    rule: "K5",
    name: "a thief released a lock",
    apply: inCalls(
      (call) => "forged" in call,
      () => ({ outcome: "ok", code: undefined }),
    ),
  },
  {
    rule: "K5",
    name: "a holder was refused",
    apply: inCalls(
      ({ op }) => op === "renew",
      () => ({ outcome: "fail", code: "FAILED_PRECONDITION", answer: undefined }),
    ),
  },
  {
    rule: "K6",
    name: "a lock can be had no more",
    apply: inCalls(grant(3), () => ({ answer: { acquired: false, token: 0 } })),
  },
];
