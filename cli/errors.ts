import { TssError } from "../proto/errors.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { parserMessage } from "./parser-errors.ts";
import { jsonText } from "./render/json-text.ts";
import { printable } from "./render/printable.ts";

/** The command line itself cannot be used; the message says what is wrong and what is allowed. */
export class UsageError extends Error {
  /** Shown below it as it stands. */
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.name = "UsageError";
    this.hint = hint;
  }
}

/** Ends the command with this code and no further word: all has been said. */
export class QuietExit extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** An error as people and programs see it. */
export interface ErrorView {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly reason?: string;
  readonly violations?: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs?: number;
}

/**
 * Says what went wrong: one sentence and a hint on stderr, or with `--json` the document `{"error": …}` on stdout. The
 * stack is shown only when TSS_LOG_LEVEL is "debug".
 * @returns the exit code.
 */
export function reportError(error: unknown, json: boolean): number {
  if (error instanceof QuietExit) return error.exitCode;
  const { exitCode, ...view } = viewError(error);
  if (json) process.stdout.write(jsonText({ error: view }));
  else {
    process.stderr.write(`Error: ${paragraphs(view.message)}\n`);
    for (const { field, description } of view.violations ?? [])
      if (!view.message.includes(description))
        process.stderr.write(`  ${printable(field)}: ${printable(description)}\n`);
    if (view.hint !== undefined) process.stderr.write(`${view.hint}\n`);
  }
  if (process.env["TSS_LOG_LEVEL"] === "debug") process.stderr.write(`${(error as Error).stack}\n`);
  return exitCode;
}

export function viewError(error: unknown): ErrorView {
  if (error instanceof TssError)
    return {
      exitCode: error.reason === "LOCK_BUSY" ? EXIT.waitTimeout : exitCodeOf(error.code),
      code: error.code,
      message: error.message,
      ...(error.reason === error.code ? {} : { reason: error.reason }),
      ...(error.violations.length === 0 ? {} : { violations: error.violations }),
      ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
      ...hintFor(error),
    };
  const { name = "", message = String(error), oclif, syscall } = error as NodeJS.ErrnoException & { oclif?: object };
  if (name === "UsageError") {
    const { hint } = error as UsageError;
    const said = { exitCode: EXIT.usage, code: "USAGE", message: parserMessage(error as Error) };
    return hint === undefined ? said : { ...said, hint };
  }
  if (name === "SettingsError") return { exitCode: EXIT.usage, code: "SETTINGS", message };
  if (oclif !== undefined) return { exitCode: EXIT.usage, code: "USAGE", message: parserMessage(error as Error) };
  if (syscall !== undefined) return { exitCode: EXIT.failed, code: "SYSTEM", message };
  return {
    exitCode: EXIT.failed,
    code: "INTERNAL",
    message,
    hint: "This is a fault of the tss program: run it again with TSS_LOG_LEVEL=debug and report what it shows.",
  };
}

function hintFor(error: TssError): { readonly hint?: string } {
  switch (error.code) {
    case "UNAVAILABLE":
      // The message names the database and the mend; another coordinator would not help.
      if (["STORE_UNAVAILABLE", "STORE_IN_DOUBT"].includes(error.reason)) return {};
      return {
        hint: 'Start one with "tss dev", or name another in TSS_COORDINATOR; "tss doctor" looks for the cause.',
      };
    case "UNAUTHENTICATED":
      if (error.reason.startsWith("CLIENT_CERTIFICATE_")) return {};
      return { hint: 'Put a valid key into TSS_API_KEY; an administrator makes one with "tss key create".' };
    case "PERMISSION_DENIED":
      return { hint: '"tss doctor" shows the role of your key.' };
    default:
      return {};
  }
}

function paragraphs(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
