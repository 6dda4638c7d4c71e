import { TssError } from "../../proto/errors.ts";
import { StoreUnavailableError } from "../ports/store-errors.ts";

/** @throws TssError UNAVAILABLE while the database cannot be read. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new TssError(
      "UNAVAILABLE",
      "The database cannot be read now. What was accepted is safe; try again shortly.",
      {
        reason: "STORE_UNAVAILABLE",
        retryAfterMs: 1_000,
        cause: error,
      },
    );
  }
}

/** The same for what must be written before tasks can be taken. @throws TssError UNAVAILABLE. */
export async function taking<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new TssError(
      "UNAVAILABLE",
      "The database cannot be written now, so nothing was accepted: try again shortly.",
      {
        reason: "STORE_UNAVAILABLE",
        retryAfterMs: 1_000,
        cause: error,
      },
    );
  }
}
