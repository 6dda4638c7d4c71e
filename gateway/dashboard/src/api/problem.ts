export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** Why a call was not answered, in the words of the server. Codes are those of the contract; `OFFLINE`: there was no answer. */
export class Problem extends Error {
  readonly code: string;
  readonly violations: readonly Violation[];
  constructor(code: string, message: string, violations: readonly Violation[] = []) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.violations = violations;
  }
}

/** Anything thrown as a problem that can be shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("INTERNAL", error instanceof Error ? error.message : String(error));
}
