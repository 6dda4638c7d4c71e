import { manyText, spanText } from "../words.ts";
import { type Reason, reason, seconds } from "./reason.ts";

/** A lock that the next task of a lane waits for. */
export interface LockFacts {
  readonly name: string;
  /** Wall clock: since when. */
  readonly since: number;
  /** Who has it, and since when. */
  readonly holders: readonly { readonly holder: string; readonly since: number }[];
  /** Everybody in the line. */
  readonly waiting: number;
}

/** @param facts why none could be asked for, or who has it; null: nothing is waited for. @param tasks that it holds back; 0: one. */
export function lockReason(facts: LockFacts | string | null, tasks: number, now: number): Reason | null {
  if (facts === null) return null;
  return { ...(typeof facts === "string" ? lockProblem(facts) : lockHeld(facts, now)), tasks };
}

/** Others hold what it needs. */
function lockHeld({ name, since, holders, waiting }: LockFacts, now: number): Reason {
  const [first] = holders;
  const others = holders.length > 1 ? ` and ${manyText(holders.length - 1, "other")}` : "";
  const who =
    first === undefined
      ? "is being taken for a task of its kind"
      : `is held by ${first.holder || "somebody"}${others} (for ${spanText(Math.max(now - first.since, 0))})`;
  const line = waiting > 1 ? `; ${manyText(waiting, "other")} and tasks of its kind stand in line` : "";
  return reason({
    ...{ code: "lock", blocking: true },
    message: `The lock ${name} ${who}${line}.`,
    action: "Wait until it is released or expires; an operator may take it away.",
    command: `tss lock show ${name}`,
    evidence: {
      ...{ lock: name, waiting_seconds: seconds(Math.max(now - since, 0)), waiting: String(waiting) },
      ...(first === undefined ? {} : { holder: first.holder }),
    },
  });
}

/** The locks could not be asked for. */
function lockProblem(problem: string): Reason {
  return reason({
    ...{ code: "lock_problem", blocking: true },
    message: `What its kind needs cannot be locked: ${problem}`,
    action: "Mend the cause, or submit it with other locks; it is tried again every second.",
    evidence: { problem },
  });
}
