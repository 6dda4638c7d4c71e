import { useState } from "react";
import { type Problem, toProblem } from "../api/problem.ts";

export interface Action {
  readonly busy: boolean;
  /** Why the last one did not work. */
  readonly problem: Problem | undefined;
  /** Runs what a button does. @returns whether it worked. */
  act(work: () => Promise<unknown>): Promise<boolean>;
}

/** One thing at a time, and what stood in its way. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(toProblem(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, act };
}
