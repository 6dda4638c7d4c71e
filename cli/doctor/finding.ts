/** What one check has found. */
export interface Finding {
  readonly check: string;
  /** "warn": work goes on, but somebody should look. */
  readonly state: "ok" | "warn" | "fail";
  /** One sentence: what is. */
  readonly message: string;
  /** One sentence: what to do; absent when all is well. */
  readonly mend?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, state: "ok", message });
export const warn = (check: string, message: string, mend: string): Finding => ({
  check,
  state: "warn",
  message,
  mend,
});
export const fail = (check: string, message: string, mend: string): Finding => ({
  check,
  state: "fail",
  message,
  mend,
});
