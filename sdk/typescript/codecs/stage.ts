import { TssError } from "../../../proto/errors.ts";

export function isPending<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}

/** Goes on at once where the value is there, so that a row of synchronous stages stays synchronous. */
export function andThen<T, R>(value: T | PromiseLike<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPending(value) ? Promise.resolve(value).then(next) : next(value);
}

/** Runs one stage. What it throws, now or later, becomes a TssError INVALID_ARGUMENT beginning with `what`. */
export function runStage<T>(what: () => string, run: () => T | PromiseLike<T>): T | Promise<T> {
  const fail = (cause: unknown): never => {
    if (cause instanceof TssError) throw cause;
    throw invalid("PAYLOAD_STAGE_FAILED", `${what()}: ${messageOf(cause)}`, cause);
  };
  try {
    const result = run();
    return isPending(result) ? Promise.resolve(result).catch(fail) : result;
  } catch (cause) {
    return fail(cause);
  }
}

export function invalid(reason: string, message: string, cause?: unknown): TssError {
  return new TssError("INVALID_ARGUMENT", message, { reason, cause });
}

/** First line of what was thrown; errors of another realm are no `instanceof Error` here. */
export function messageOf(cause: unknown): string {
  const message = (cause as { message?: unknown } | null | undefined)?.message ?? cause;
  return String(message).split("\n", 1)[0] as string;
}
