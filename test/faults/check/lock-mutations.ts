import type { AcquireCall } from "../evidence/types.ts";
import { grant, inCalls, type Mutation, tokenOf } from "./mutate.ts";

/** Ways in which locks can be wrong. */
export const LOCK_MUTATIONS: readonly Mutation[] = [
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
