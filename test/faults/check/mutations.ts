import type { Call, SubmitCall } from "../evidence/types.ts";
import { LOCK_MUTATIONS } from "./lock-mutations.ts";
import {
  attemptsOf,
  change,
  inCalls,
  inFinal,
  inLedger,
  isKind,
  type Mutation,
  submitted,
  succeeded,
} from "./mutate.ts";

/** Each rule is broken by some of them. */
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
  ...LOCK_MUTATIONS,
];
