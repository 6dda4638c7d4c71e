import { BadRowError, FencedError, SchemaError, StoreUnavailableError } from "../../ports/store-errors.ts";
import { type DriverError, explain } from "./connection-problem.ts";
import type { Target } from "./connection-url.ts";
import { FENCED } from "./schema/fence-function.ts";

/** True when the connection is of no more use: whatever it was doing may or may not have happened. */
export function isLost(error: unknown): boolean {
  const { code = "", severity } = error as DriverError;
  // Without a severity the error is the driver's or the network's. The classes end a session, in whatever language.
  return !severity || severity === "FATAL" || severity === "PANIC" || /^(08|28|57P|25P03|3D000|53300)/.test(code);
}

/**
 * What the port promises for an error of the driver.
 * @param sent whether a commit was under way: a lost connection then leaves it in doubt.
 */
export function storeError(error: unknown, at: Target, sent: boolean): Error {
  if (error instanceof FencedError || error instanceof StoreUnavailableError || error instanceof BadRowError)
    return error;
  if (error instanceof SchemaError) return error;
  const { code = "", message = String(error) } = error as DriverError;
  if (isLost(error)) return new StoreUnavailableError(explain(error, at), sent, error);
  if (code === FENCED) return new FencedError();
  if (code.startsWith("22") || code.startsWith("23")) return new BadRowError(message, error);
  if (code === "42P01" || code === "42883" || code === "42704" || code === "42703")
    return new SchemaError(
      `The schema of database "${at.database}" at ${at.host}:${at.port} is not the one this program knows (${message}): run \`tss db migrate\`.`,
    );
  return new StoreUnavailableError(explain(error, at), false, error);
}
