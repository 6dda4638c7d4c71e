import { expect } from "@jest/globals";
import { TssError } from "../../../proto/errors.ts";

/** What a call throws or rejects with: always a TssError of one line, without a stack trace in it. */
export async function errorOf(call: () => unknown): Promise<TssError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(TssError);
    expect((error as TssError).message).toMatch(/^[^\n]+$/);
    return error as TssError;
  }
  throw new Error("The call was expected to fail, and did not.");
}
