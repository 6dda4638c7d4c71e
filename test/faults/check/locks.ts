import type { RenewCall } from "../evidence/types.ts";
import { callsOf, type Facts, type Grant, grantsOf, pairs } from "./facts.ts";

/** Rules about locks. */

/** Tokens of a lock rise, for ever. */
export function* tokensFall(facts: Facts): Generator<string> {
  for (const [lock, grants] of grantsOf(facts))
    for (const a of grants)
      for (const b of grants)
        if (a.ended < b.began && a.answer.token >= b.answer.token && a.answer.token !== b.answer.token)
          yield `lock ${lock} gave token ${b.answer.token} after ${a.answer.token}`;
}

/** No token is given twice. */
export function* sharedToken(facts: Facts): Generator<string> {
  for (const [lock, grants] of grantsOf(facts))
    for (const [token, same] of Map.groupBy(grants, ({ answer }) => answer.token))
      if (same.length > 1)
        yield `lock ${lock} gave token ${token} to ${same.map(({ client }) => client).join(" and ")}`;
}

/** What a lock protects, and asks for its token, is written by rising tokens only. */
export function* guardedFalls({ effects }: Facts): Generator<string> {
  for (const [lock, all] of Map.groupBy(effects, (effect) => effect.lock))
    for (const [a, b] of pairs(all.filter(({ accepted }) => accepted)))
      if (a.token > b.token) yield `the store behind lock ${lock} was written by token ${b.token} after ${a.token}`;
}

/** From the answer until it gives it back, or its term is over, the lock is nobody else's. */
export function* twoHolders(facts: Facts): Generator<string> {
  for (const [lock, grants] of grantsOf(facts)) {
    const held = grants.map((grant) => ({ grant, from: grant.ended, to: holdsUntil(facts, grant) }));
    let longest: (typeof held)[number] | undefined;
    for (const one of held.toSorted((a, b) => a.from - b.from)) {
      if (longest !== undefined && one.from < Math.min(longest.to, one.to))
        yield `lock ${lock} was ${nameOf(longest.grant)}'s when ${nameOf(one.grant)} got it`;
      if (longest === undefined || one.to > longest.to) longest = one;
    }
  }
}

const nameOf = ({ client, answer }: Grant) => `${client} (token ${answer.token})`;

/** The term counts from before the call that began or prolonged it: later it may be longer, never shorter. */
function holdsUntil({ calls }: Facts, { lock, answer: { token }, began, ttlMs }: Grant): number {
  const mine = (call: { lock: string; token: number; forged?: boolean }) =>
    call.lock === lock && call.token === token && call.forged !== true;
  const renewed = callsOf(calls, "renew").filter((call) => mine(call) && call.outcome === "ok");
  const ends = [began + ttlMs, ...renewed.map((call) => call.began + call.ttlMs)];
  const released = callsOf(calls, "release").filter(mine);
  return Math.min(Math.max(...ends), ...released.map((call) => call.began));
}

/** Who does not hold a lock can neither renew nor release it; who holds it can. */
export function* notOwner(facts: Facts): Generator<string> {
  const grants = grantsOf(facts);
  for (const call of [...callsOf(facts.calls, "renew"), ...callsOf(facts.calls, "release")]) {
    const { lock, token, forged, outcome, code, client, op } = call;
    if (forged === true && outcome === "ok")
      yield `${client} could ${op} lock ${lock} with token ${token}, which nobody gave it`;
    if (forged === true || code !== "FAILED_PRECONDITION") continue;
    const grant = grants.get(lock)?.find(({ answer }) => answer.token === token);
    if (grant !== undefined && call.ended < holdsUntilBefore(facts, grant, call as RenewCall))
      yield `${client} was refused to ${op} lock ${lock} within its term (token ${token})`;
  }
}

/** As `holdsUntil`, by what had happened before this call was made. */
function holdsUntilBefore(facts: Facts, grant: Grant, { call, began }: RenewCall): number {
  const calls = facts.calls.filter((other) => other.call !== call && other.began < began);
  return holdsUntil({ ...facts, calls }, grant);
}

/** When all is over every lock can be had. */
export function* stuck(facts: Facts): Generator<string> {
  for (const [lock, calls] of Map.groupBy(callsOf(facts.calls, "acquire"), (call) => call.lock)) {
    const last = calls.toSorted((a, b) => a.began - b.began).at(-1);
    if (last?.answer?.acquired !== true) yield `lock ${lock} could not be had any more (${last?.code ?? "it is held"})`;
  }
}
