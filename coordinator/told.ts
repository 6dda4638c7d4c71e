import { TssError } from "../proto/errors.ts";
import {
  FencedError,
  OwnedError,
  SchemaError,
  StoreLostError,
  StoreRestoredError,
  StoreUnavailableError,
} from "./ports/store-errors.ts";

/** Errors of the store in the words of the contract. */
export function told(error: unknown): unknown {
  if (error instanceof SchemaError)
    return new TssError("FAILED_PRECONDITION", error.message, { reason: "SCHEMA", cause: error });
  if (error instanceof StoreUnavailableError)
    return new TssError("UNAVAILABLE", error.message, { reason: "STORE_UNAVAILABLE", cause: error });
  if (error instanceof OwnedError)
    return new TssError(
      "FAILED_PRECONDITION",
      `Another coordinator owns this database: ${error.owner}. Stop it first; if it does not answer any more, \`tss-coordinator --take-over\` takes its place.`,
      { reason: "OWNED", cause: error },
    );
  if (error instanceof StoreRestoredError)
    return new TssError("FAILED_PRECONDITION", error.message, { reason: "STORE_RESTORED", cause: error });
  if (error instanceof StoreLostError)
    return new TssError("FAILED_PRECONDITION", error.message, { reason: "STORE_LOST", cause: error });
  if (error instanceof FencedError)
    return new TssError(
      "FAILED_PRECONDITION",
      "Another coordinator has taken over this database: this one writes nothing more and ends.",
      { reason: "TAKEN_OVER", cause: error },
    );
  return error;
}
