import * as attempts from "./attempts.ts";
import * as cancels from "./cancels.ts";
import * as ends from "./ends.ts";
import type { Facts } from "./facts.ts";
import * as leases from "./leases.ts";
import * as locks from "./locks.ts";
import * as submits from "./submits.ts";

export interface Rule {
  readonly says: string;
  /** What of it is seen, and what is not. */
  readonly seen: string;
  readonly breaches: (facts: Facts) => Iterable<string>;
}

/** What must hold in every run, whatever was done to it. docs/faults.md prints this table. */
export const RULES: Readonly<Record<string, Rule>> = {
  S1: { says: "What was acknowledged is there.", seen: "wholly", breaches: submits.lost },
  S2: { says: "What is there was submitted.", seen: "wholly, by name", breaches: submits.invented },
  S3: {
    says: "A key, or a request id, makes one task; a key with another body is refused.",
    seen: "within a run, over restarts; not over 24 hours",
    breaches: submits.repeated,
  },
  S4: {
    says: "A submit in doubt gets a definite answer when it is repeated.",
    seen: "wholly: every one is repeated until it has one",
    breaches: submits.unresolved,
  },
  S5: {
    says: "A read after an acknowledgement shows at least as much, at any coordinator.",
    seen: "of submits and cancels, by reads of one task",
    breaches: submits.staleReads,
  },
  S6: {
    says: "A message without keys is accepted as a whole or not at all.",
    seen: "wholly; keyed tasks go to their own shards one by one, on purpose",
    breaches: submits.torn,
  },
  T1: {
    says: "Everything that was accepted ends.",
    seen: "that it ends, after the fault; not within which time",
    breaches: ends.unended,
  },
  T2: { says: "A task ends once.", seen: "by two watches, at two coordinators", breaches: ends.twoEnds },
  T3: {
    says: "Every state is one of docs/states.md.",
    seen: "states, reasons and limits; a watch may leave states out, so that moves are not seen",
    breaches: ends.illegal,
  },
  T4: { says: "An end that was seen stands.", seen: "wholly, for reads and cancels", breaches: ends.reopened },
  L1: { says: "Fencing tokens of a task rise; none is used twice.", seen: "wholly", breaches: leases.fences },
  L2: {
    says: "Only the newest fence writes.",
    seen: "of results and exit codes, each of which names its token; not of progress and logs",
    breaches: leases.staleResult,
  },
  L3: { says: "At most one live lease.", seen: "as the coordinators tell it", breaches: leases.twoLeases },
  L4: {
    says: "An attempt ends once; one success at most, and it is the last.",
    seen: "wholly",
    breaches: leases.twoCompletions,
  },
  L5: {
    says: "An agent that can act ends what it lost before that runs elsewhere; nothing outlives the run.",
    seen: "to half a second, unless the machine stood still for half a lease term",
    breaches: leases.overlap,
  },
  L6: {
    says: "Nothing is started again unless its agent was killed, stopped or cut off.",
    seen: "unless the machine stood still for half a lease term, which is then said",
    breaches: leases.falseLoss,
  },
  A1: { says: "Never more starts than attempts are allowed.", seen: "wholly", breaches: attempts.tooMany },
  A2: {
    says: "Attempts are 1, 2, 3 …, each ended once, each started once at most.",
    seen: "wholly",
    breaches: attempts.gaps,
  },
  A3: { says: "The pause after a failure is kept.", seen: "its lower bound", breaches: attempts.hasty },
  A4: { says: "Nothing runs past its timeout.", seen: "with the slack of a busy machine", breaches: attempts.overtime },
  C1: { says: "A cancel wins or loses once.", seen: "wholly", breaches: cancels.undone },
  C2: {
    says: "After a cancel nothing starts, and what runs is ended.",
    seen: "with the slack of a busy machine",
    breaches: cancels.runsOn,
  },
  K1: {
    says: "Tokens of a lock rise for ever.",
    seen: "but for a database that was set back",
    breaches: locks.tokensFall,
  },
  K2: { says: "No token is given twice.", seen: "wholly", breaches: locks.sharedToken },
  K3: { says: "A store that asks for tokens is written in their order.", seen: "wholly", breaches: locks.guardedFalls },
  K4: {
    says: "Within its term a lock is its holder's alone.",
    seen: "as intervals that must not overlap; not as a search over all orders",
    breaches: locks.twoHolders,
  },
  K5: { says: "Only its holder renews and releases a lock.", seen: "wholly", breaches: locks.notOwner },
  K6: {
    says: "A lock whose holder is gone can be had.",
    seen: "that it can; not within which time, nor the order of the line",
    breaches: locks.stuck,
  },
};

/** Rules of the same kind that nothing here looks at, and why. */
export const UNSEEN: Readonly<Record<string, string>> = {
  "D1–D3": "there are no dependencies yet",
  "H1–H3": "there are no schedules yet",
  "Q1–Q5": "looked at without faults, in test/engine",
  "E1, E2": "no work has a leader: shards have owners, whose epochs show in L1 and K1",
  "G1–G3": "output and watches are looked at in test/e2e and test/cluster",
  W1: "there are no webhooks yet",
  "X1–X3": "looked at in test/edge and test/runtime",
  R1: "leaks are looked at by every test file when it ends",
};
