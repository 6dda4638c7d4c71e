import { TssError } from "../../../proto/errors.ts";
import type { Serializer } from "./payload-codec.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** JSON in UTF-8. Refuses what JSON would lose in whole: undefined, functions, symbols, BigInt, cycles. */
export const json: Serializer = {
  name: "json",
  contentType: "application/json",
  serialize(value) {
    const text = stringify(value);
    if (text === undefined) throw notJson(`a ${typeof value} is no JSON`);
    return encoder.encode(text);
  },
  deserialize(data) {
    try {
      return JSON.parse(decoder.decode(data));
    } catch (error) {
      throw new TssError("INVALID_ARGUMENT", `The payload is not JSON: ${(error as Error).message}`, {
        reason: "BAD_PAYLOAD",
        cause: error,
      });
    }
  },
};

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw notJson(((error as Error).message.split("\n")[0] ?? "").replace(/\.$/, ""), error);
  }
}

function notJson(why: string, cause?: unknown): TssError {
  return new TssError("INVALID_ARGUMENT", `The value cannot be written as JSON: ${why}.`, {
    reason: "NOT_SERIALIZABLE",
    cause,
  });
}
